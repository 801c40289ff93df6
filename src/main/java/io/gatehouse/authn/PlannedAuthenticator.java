package io.gatehouse.authn;

import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Secret;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A listener's plan at work. Any thread; never blocks.
 *
 * <p>First the presented credentials select the methods, then all of the selected must succeed. The first of them in the
 * order certificate, password, token gives the name and the realm; the attributes of all are there for the policy.
 */
final class PlannedAuthenticator implements Authenticator {
    private final LoginPlan plan;
    private final Map<AuthMethod, Authenticator> methods;

    PlannedAuthenticator(LoginPlan plan, Map<AuthMethod, Authenticator> methods) {
        this.plan = plan;
        this.methods = Map.copyOf(methods);
    }

    @Override
    public CompletionStage<Authentication> authenticate(Credentials credentials) {
        Selection selection = select(credentials);
        if (selection.refusal() != null) {
            return CompletableFuture.completedFuture(selection.refusal());
        }
        boolean carriesSecret = selection.methods().contains(AuthMethod.PASSWORD)
                || selection.methods().contains(AuthMethod.JWT);
        if (carriesSecret && !mayCarrySecrets(credentials)) {
            return CompletableFuture.completedFuture(new Authentication.Rejected(
                    ReasonCode.NOT_AUTHORIZED,
                    "passwords and tokens are not taken on an unencrypted connection from another machine"));
        }
        return next(selection.methods().iterator(), List.of(), credentials);
    }

    /** The methods to run, or why none. */
    private record Selection(Set<AuthMethod> methods, Authentication.@Nullable Rejected refusal) {}

    private Selection select(Credentials credentials) {
        Set<AuthMethod> taken = plan.methods();
        String enhanced = credentials.authenticationMethod();
        if (enhanced != null) {
            Optional<AuthMethod> method = EnhancedMethod.of(enhanced).map(EnhancedMethod::method);
            if (method.isEmpty() || !taken.contains(method.get())) {
                return refused(new Authentication.Rejected(
                        ReasonCode.BAD_AUTHENTICATION_METHOD,
                        "the authentication method '" + UserName.shown(enhanced) + "' is not taken here"));
            }
        }
        if (!(plan instanceof LoginPlan.Any)) {
            return new Selection(taken, null);
        }
        EnumSet<AuthMethod> presented = EnumSet.noneOf(AuthMethod.class);
        if (taken.contains(AuthMethod.CERTIFICATE)
                && credentials.peer().certificate().isPresent()) {
            presented.add(AuthMethod.CERTIFICATE);
        }
        if (enhanced != null) {
            EnhancedMethod.of(enhanced).map(EnhancedMethod::method).ifPresent(presented::add);
        } else {
            Secret password = credentials.password();
            if (password != null) {
                secretMethod(password).ifPresent(presented::add);
            }
        }
        return presented.isEmpty() ? refused(Refusal.NOTHING_PRESENTED) : new Selection(presented, null);
    }

    private static Selection refused(Authentication.Rejected refusal) {
        return new Selection(Set.of(), refusal);
    }

    /** Which method the password field is for; empty where the plan has none for it. */
    private Optional<AuthMethod> secretMethod(Secret password) {
        boolean tokens = plan.methods().contains(AuthMethod.JWT);
        boolean passwords = plan.methods().contains(AuthMethod.PASSWORD);
        if (tokens && (!passwords || CompactToken.looksLikeOne(password))) {
            return Optional.of(AuthMethod.JWT);
        }
        return passwords ? Optional.of(AuthMethod.PASSWORD) : Optional.empty();
    }

    private static boolean mayCarrySecrets(Credentials credentials) {
        return credentials.peer().isEncrypted()
                || credentials.peer().address().getAddress().isLoopbackAddress();
    }

    private CompletionStage<Authentication> next(
            Iterator<AuthMethod> left, List<Principal> proven, Credentials credentials) {
        if (!left.hasNext()) {
            return CompletableFuture.completedFuture(together(proven, null));
        }
        return Objects.requireNonNull(methods.get(left.next()))
                .authenticate(credentials)
                .thenCompose(answer -> goOn(answer, left, proven, credentials));
    }

    private CompletionStage<Authentication> goOn(
            Authentication answer, Iterator<AuthMethod> left, List<Principal> proven, Credentials credentials) {
        if (answer instanceof Authentication.Challenge challenge) {
            // the question goes to the client; its answer takes up the walk where it stands
            return CompletableFuture.completedFuture(new Authentication.Challenge(
                    challenge.data(),
                    reply -> challenge
                            .next()
                            .authenticate(reply)
                            .thenCompose(further -> goOn(further, left, proven, credentials))));
        }
        if (!(answer instanceof Authentication.Accepted accepted)) {
            return CompletableFuture.completedFuture(answer);
        }
        List<Principal> more = new ArrayList<>(proven);
        more.add(accepted.principal());
        if (accepted.data() != null && !left.hasNext()) {
            return CompletableFuture.completedFuture(together(more, accepted.data()));
        }
        return next(left, more, credentials);
    }

    private Authentication together(List<Principal> proven, @Nullable Secret data) {
        Principal first = proven.get(0);
        if (proven.size() == 1) {
            return new Authentication.Accepted(first, data);
        }
        EnumSet<AuthMethod> succeeded = EnumSet.noneOf(AuthMethod.class);
        Map<String, List<String>> attributes = new HashMap<>();
        Map<AuthMethod, String> proofs = new HashMap<>();
        Instant end = null;
        for (Principal principal : proven) {
            if (plan instanceof LoginPlan.All all
                    && all.sameUser()
                    && !principal.user().equals(first.user())) {
                return Refusal.bad("the methods name different users: '" + UserName.shown(first.user()) + "' and '"
                        + UserName.shown(principal.user()) + "'");
            }
            succeeded.addAll(principal.subject().methods());
            attributes.putAll(principal.subject().attributes());
            proofs.putAll(principal.proofs());
            Instant its = principal.expiresAt().orElse(null);
            end = end == null || its != null && its.isBefore(end) ? its : end;
        }
        Subject subject = new Subject(
                first.user(),
                succeeded,
                first.subject().listener(),
                first.subject().address(),
                attributes);
        return new Authentication.Accepted(new Principal(subject, first.owner().realm(), end, proofs), data);
    }
}
