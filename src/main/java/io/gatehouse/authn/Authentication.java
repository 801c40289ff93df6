package io.gatehouse.authn;

import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Secret;
import org.jspecify.annotations.Nullable;

/** The answer of an authenticator: proof, a refusal, or a further question. */
public sealed interface Authentication {

    /**
     * The client is who it says.
     *
     * @param data what enhanced authentication sends along with the success; null for nothing
     */
    record Accepted(Principal principal, @Nullable Secret data) implements Authentication {}

    /**
     * The client is not let in.
     *
     * @param reason what the client is told; the same for an unknown user and for a wrong password
     * @param detail for the log and the audit record only; never holds a secret
     */
    record Rejected(ReasonCode reason, String detail) implements Authentication {}

    /**
     * Enhanced authentication goes on (MQTT 5.0, section 4.12): the client gets {@code data} in an AUTH packet, its
     * answer goes to {@code next}.
     */
    record Challenge(Secret data, Authenticator next) implements Authentication {}
}
