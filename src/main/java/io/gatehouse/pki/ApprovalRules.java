package io.gatehouse.pki;

import java.time.Duration;

/**
 * Whether devices without a token wait for an operator, and how many may. Immutable.
 *
 * @param waiting requests that wait or are approved, of all devices together
 * @param perAddress those of one address (of IPv6: of a network of 64 bits)
 * @param waitFor after how long a request that nobody answered is forgotten
 */
public record ApprovalRules(Whom whom, int waiting, int perAddress, Duration waitFor) {
    /** Who may wait. */
    public enum Whom {
        NOBODY,
        /** A device with a certificate of a manufacturer that is trusted, if it is not on the list. */
        MANUFACTURED,
        /** Whoever reaches the port. */
        ANYONE;

        boolean takes(boolean manufactured) {
            return this == ANYONE || this == MANUFACTURED && manufactured;
        }
    }

    /** Nobody; and else a hundred, one an address, for a week. */
    public static final ApprovalRules DEFAULT = new ApprovalRules(Whom.NOBODY, 100, 1, Duration.ofDays(7));
}
