package io.gatehouse.store;

import io.gatehouse.protocol.Will;
import org.jspecify.annotations.Nullable;

/**
 * A session as it is stored, apart from what is in it.
 *
 * @param expirySeconds as CONNECT or DISCONNECT last said
 * @param awaySinceMillis when its last connection ended; {@link #CONNECTED} while there is one
 * @param will what is to be published if the connection ends without a word, or when its delay is over
 */
public record SessionRecord(
        String clientId,
        PrincipalRecord principal,
        long expirySeconds,
        long awaySinceMillis,
        @Nullable Will will) {

    /** It has a connection, or had one when the broker ended without a word. */
    public static final long CONNECTED = 0;
}
