package io.gatehouse.protocol;

/**
 * Bytes that are not the packet they claim to be, or a packet that the protocol forbids here.
 *
 * <p>Carries the reason code the specification gives for it; the connection that sent it is closed. The message is for
 * the log: it says what was wrong and never quotes more than a number or a flag of the input.
 */
public final class MalformedPacket extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ReasonCode reason;

    public MalformedPacket(String message) {
        this(ReasonCode.MALFORMED_PACKET, message);
    }

    public MalformedPacket(ReasonCode reason, String message) {
        // No stack trace: it is the sender's fault, and filling one in is the dearest part of a refusal.
        super(message, null, false, false);
        this.reason = reason;
    }

    public static MalformedPacket protocolError(String message) {
        return new MalformedPacket(ReasonCode.PROTOCOL_ERROR, message);
    }

    public ReasonCode reason() {
        return reason;
    }
}
