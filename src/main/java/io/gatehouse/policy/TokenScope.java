package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import io.gatehouse.authn.TokenAcl;
import io.gatehouse.config.Place;
import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Qos;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a token is for, as a policy of one role, so that covering, overlapping and matching are the engine's own. Stateless.
 *
 * <p>It narrows: whoever has such a token may do what the roles allow and the token names, and nothing else. It never adds,
 * because it is asked only where the roles have said yes.
 *
 * @param rights null for whoever has no such token; of one that cannot be taken, rights to nothing
 * @param refusal why its holder may not connect
 */
record TokenScope(@Nullable Binding rights, @Nullable Denied refusal) {
    private static final Place PLACE = Place.start("token");
    private static final TokenScope NONE = new TokenScope(null, null);

    static TokenScope of(Subject subject, Policy.Defaults defaults, Instant now, long epoch) {
        Optional<TokenAcl> acl;
        try {
            acl = TokenAcl.of(subject.attributes());
        } catch (TokenAcl.Malformed e) {
            return closed("its token's claim \"acl\" " + e.getMessage(), subject, now, epoch);
        }
        if (acl.isEmpty()) {
            return NONE;
        }
        PolicySet.Compilation compilation = PolicySet.compile(policy(acl.get(), defaults));
        return compilation
                .set()
                .map(set -> new TokenScope(bound(set, subject, now, epoch), null))
                .orElseGet(() -> closed(
                        "its token's claim \"acl\" has too many \"+\"/literal combinations", subject, now, epoch));
    }

    private static TokenScope closed(String why, Subject subject, Instant now, long epoch) {
        return new TokenScope(bound(PolicySet.empty(), subject, now, epoch), Denials.noRule(why));
    }

    private static Binding bound(PolicySet set, Subject subject, Instant now, long epoch) {
        return set.bind(new Subject(subject.user(), subject.methods(), "", null, Map.of()), "", now, epoch);
    }

    private static Policy policy(TokenAcl acl, Policy.Defaults defaults) {
        Role role = new Role(
                "token",
                List.of(),
                List.of(),
                acl.publish().stream().map(TokenScope::item).toList(),
                acl.subscribe().stream().map(TokenScope::item).toList(),
                List.of(),
                List.of(),
                Limits.NONE,
                List.of(),
                false,
                PLACE);
        return new Policy(
                defaults,
                Map.of(),
                Map.of("token", role),
                Map.of(),
                Map.of(),
                List.of(new Assignment(List.of(), List.of("token"), PLACE)),
                List.of(),
                List.of(),
                Map.of());
    }

    private static Item item(TokenAcl.Item item) {
        List<Level> levels = Arrays.stream(item.topic().text().split("/", -1))
                .map(TokenScope::level)
                .toList();
        return new Item(
                new Pattern(levels, PLACE),
                Qos.of(item.maxQos()),
                item.retain(),
                Math.min(item.maxPayloadBytes(), Limits.UNLIMITED),
                item.shared() == null ? List.of("*") : item.shared(),
                false);
    }

    private static Level level(String text) {
        return switch (text) {
            case "+" -> new Level.AnyLevel();
            case "#" -> new Level.AnyDeeper();
            default -> new Level.Literal(text);
        };
    }
}
