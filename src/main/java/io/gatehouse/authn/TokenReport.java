package io.gatehouse.authn;

import io.gatehouse.protocol.Secret;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What the broker would say of a token, line by line: for tools.
 *
 * @param steps the checklist as far as it was walked; the last one says why a refused token is refused
 * @param accepted whether it is believed; a name beside it and a certificate it is bound to are the connection's affair
 */
public record TokenReport(List<JwtStep> steps, boolean accepted) {
    public TokenReport {
        steps = List.copyOf(steps);
    }

    /** Walks the checklist for one issuer whose keys are in a file. Blocks for about a millisecond. */
    public static TokenReport of(JwtIssuer issuer, Secret token, Clock clock) throws Unusable {
        if (!(issuer.keys() instanceof KeySource.File file)) {
            throw new Unusable(issuer.keys() + ": a report is made with a key set in a file");
        }
        FileKeySet keys = FileKeySet.open(file.path());
        JwtVerifier verifier = new JwtVerifier(Map.of(issuer.issuer(), issuer), clock);
        byte[] bytes = token.copy();
        try {
            JwtVerifier.Opened opened = verifier.open(bytes).opened();
            if (opened == null) {
                return new TokenReport(verifier.steps(), false);
            }
            KeyChoice choice = keys.choose(opened.keyId(), opened.algorithm())
                    .toCompletableFuture()
                    .join();
            JwtVerdict verdict = verifier.close(opened, Objects.requireNonNull(choice));
            return new TokenReport(verifier.steps(), verdict instanceof JwtVerdict.Verified);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }
}
