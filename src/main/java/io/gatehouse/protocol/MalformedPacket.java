package io.gatehouse.protocol;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that are not the packet they claim to be, or a packet that the protocol forbids here.
 *
 * <p>Carries the reason code the specification gives for it; the connection that sent it is closed. The message is for
 * the log: it says what was wrong and never quotes more than a number or a flag of the input.
 */
public final class MalformedPacket extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ReasonCode reason;
    private final @Nullable ProtocolVersion version;

    public MalformedPacket(String message) {
        this(ReasonCode.MALFORMED_PACKET, message);
    }

    public MalformedPacket(ReasonCode reason, String message) {
        this(reason, message, null);
    }

    private MalformedPacket(ReasonCode reason, String message, @Nullable ProtocolVersion version) {
        // No stack trace: it is the sender's fault, and filling one in is the dearest part of a refusal.
        super(message, null, false, false);
        this.reason = reason;
        this.version = version;
    }

    /** The same, found in a CONNECT that had said already which version it speaks. */
    public MalformedPacket inConnect(ProtocolVersion spoken) {
        return new MalformedPacket(reason, String.valueOf(getMessage()), spoken);
    }

    public static MalformedPacket protocolError(String message) {
        return new MalformedPacket(ReasonCode.PROTOCOL_ERROR, message);
    }

    public ReasonCode reason() {
        return reason;
    }

    /** The version of the CONNECT it was found in, so that the answer can be in that version. */
    public Optional<ProtocolVersion> version() {
        return Optional.ofNullable(version);
    }
}
