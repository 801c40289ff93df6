package io.gatehouse.pki;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A device without a token that asked for a certificate, and what an operator decided about it. Immutable.
 *
 * @param fingerprint the SHA-256 of its public key (SubjectPublicKeyInfo, DER) in hex: what operator and device compare
 * @param from the address it came from; of IPv6 the network
 * @param maker the SHA-256 of the manufacturer's certificate it came with; null: it came with none that is trusted
 * @param end when it is forgotten: unanswered, approved or refused
 * @param replace whether it may get a certificate beside one that its device has
 */
public record Application(
        String id,
        String fingerprint,
        String from,
        @Nullable String maker,
        Instant since,
        Instant end,
        Decision decision,
        boolean replace) {

    /** What became of it so far. */
    public enum Decision {
        WAITING,
        APPROVED,
        REFUSED
    }

    /** The key, as the inventory has it. */
    String key() {
        return fingerprint.substring(0, 32);
    }

    boolean isOpen(Instant now) {
        return now.isBefore(end);
    }

    Application decided(Decision what, Instant until, boolean second) {
        return new Application(id, fingerprint, from, maker, since, until, what, second);
    }
}
