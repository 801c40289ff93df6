package io.gatehouse.authn;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What came of a token. */
sealed interface JwtVerdict {

    /**
     * It is the issuer's, for us, and good now.
     *
     * @param attributes {@code jwt.*} of a {@link Subject}
     * @param thumbprint what the client certificate must hash to ({@code cnf.x5t#S256}, RFC 8705); null: not bound
     * @param keyThumbprint of the key that signed it (RFC 7638)
     */
    record Verified(
            String issuer,
            String user,
            Map<String, List<String>> attributes,
            Instant expiresAt,
            @Nullable String thumbprint,
            String keyThumbprint)
            implements JwtVerdict {}

    /** It is not; the first line that failed, and why. */
    record Refused(JwtCheck check, String why) implements JwtVerdict {}

    /** Nobody can say: the keys are not known. */
    record Unknown(String why) implements JwtVerdict {}

    /** The queue is full. */
    record Busy() implements JwtVerdict {}
}
