package io.gatehouse.authn;

import io.gatehouse.protocol.Secret;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * SCRAM-SHA-256 for the users of a password file that are stored for it. Any thread; never blocks, for the costly part
 * is the client's.
 *
 * <p>A user that is unknown, or stored in another way, gets a salt as well and fails at the end: the salt is always the
 * same for the same name, and the iterations are those of the file's other users, so that nothing tells it apart.
 */
final class ScramLogin {
    private static final int NONCE_BYTES = 18;
    private static final int SALT_BYTES = 16;

    private final PasswordAuthenticator users;
    private final LoginThrottle throttle;
    private final SecureRandom random;

    ScramLogin(PasswordAuthenticator users, LoginThrottle throttle, SecureRandom random) {
        this.users = users;
        this.throttle = throttle;
        this.random = random;
    }

    /** Answers the client's first message with a question. */
    Authentication begin(Credentials credentials) {
        Optional<ScramExchange> begun = data(credentials).flatMap(ScramExchange::begin);
        if (begun.isEmpty()) {
            return Refusal.bad("the first SCRAM message is malformed, or asks for channel binding");
        }
        String user = begun.get().user();
        String beside = credentials.userName();
        if (beside != null && !beside.isEmpty() && !beside.equals(user)) {
            return Refusal.bad("the user name beside the SCRAM message is not the one in it");
        }
        if (throttle.isBlocked(credentials.peer().address().getAddress(), counted(user))) {
            return Refusal.TOO_MANY;
        }
        PasswordFile file = users.file();
        Optional<ScramHash> stored = file.scram(user);
        ScramHash answering = stored.orElseGet(() -> unknown(file, user));
        String nonce = Base64.getEncoder().withoutPadding().encodeToString(EncodedBytes.random(NONCE_BYTES, random));
        ScramExchange exchange = begun.get().answered(nonce, answering.salt(), answering.iterations());
        Secret question = Secret.wrap(exchange.serverFirst().getBytes(StandardCharsets.UTF_8));
        return new Authentication.Challenge(question, reply -> end(exchange, answering, stored.isPresent(), reply));
    }

    private CompletionStage<Authentication> end(
            ScramExchange exchange, ScramHash answering, boolean isKnown, Credentials reply) {
        return CompletableFuture.completedFuture(judge(exchange, answering, isKnown, reply));
    }

    private Authentication judge(ScramExchange exchange, ScramHash answering, boolean isKnown, Credentials reply) {
        var address = reply.peer().address().getAddress();
        String counted = counted(exchange.user());
        if (throttle.isBlocked(address, counted)) {
            return Refusal.TOO_MANY;
        }
        throttle.attempt(address, counted);
        Optional<ScramExchange.Proof> proof = data(reply).flatMap(exchange::end);
        boolean proven = proof.isPresent()
                && answering.isProof(proof.get().proof(), proof.get().authMessage())
                && isKnown
                && isCurrent(exchange.user(), answering);
        if (proof.isEmpty() || !proven) {
            throttle.failed(address);
            return Refusal.WRONG_PASSWORD;
        }
        throttle.succeeded(address, counted);
        String answer = "v="
                + Base64.getEncoder()
                        .encodeToString(answering.serverSignature(proof.get().authMessage()));
        return PasswordAuthenticator.accepted(
                exchange.user(), answering, reply, Secret.wrap(answer.getBytes(StandardCharsets.US_ASCII)));
    }

    /** Whether the file, which may have been read anew meanwhile, still says the same of the user. */
    private boolean isCurrent(String user, ScramHash stored) {
        return users.file()
                .scram(user)
                .filter(now -> now.encoded().equals(stored.encoded()))
                .isPresent();
    }

    /** What is answered with for a name that has no verifier; its salt stays the same while the file's keys do. */
    private ScramHash unknown(PasswordFile file, String user) {
        ScramHash model = file.commonScram().orElseGet(users::scramModel);
        byte[] salt = Arrays.copyOf(ScramHash.hmac(model.serverKey(), user), SALT_BYTES);
        ScramHash dummy = model.dummy(random);
        return new ScramHash(model.iterations(), salt, dummy.storedKey(), dummy.serverKey());
    }

    private static String counted(String user) {
        return UserName.fault(user, UserName.DEFAULT_MAX_BYTES).isPresent() ? "" : user;
    }

    private static Optional<byte[]> data(Credentials credentials) {
        Secret data = credentials.authenticationData();
        return data == null ? Optional.empty() : Optional.of(data.copy());
    }
}
