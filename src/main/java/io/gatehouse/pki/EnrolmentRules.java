package io.gatehouse.pki;

import java.time.Duration;

/**
 * What devices get that enrol and renew by themselves. Immutable.
 *
 * @param validity of each certificate; short, because nobody has to visit the device for the next one
 * @param overlap how long the old certificate is accepted after the first login with the new one
 * @param unusedFor after how long a certificate that its device never logged in with is revoked
 * @param renewAfterExpiry how long after its end a certificate still renews itself
 * @param sameKey whether a renewal may go on with the old key
 * @param perMinute certificates of all devices together
 * @param perDay certificates of all devices together, within any 24 hours
 * @param approval whether devices without a token wait for an operator
 */
public record EnrolmentRules(
        Duration validity,
        Duration overlap,
        Duration unusedFor,
        Duration renewAfterExpiry,
        boolean sameKey,
        int perMinute,
        int perDay,
        ApprovalRules approval) {
    /** Ninety days, a day, a week. */
    public static final EnrolmentRules DEFAULT = new EnrolmentRules(
            Duration.ofDays(90), Duration.ofHours(24), Duration.ofDays(7), Duration.ZERO, false, 600, 10_000);

    /** With nobody that waits for an operator. */
    public EnrolmentRules(
            Duration validity,
            Duration overlap,
            Duration unusedFor,
            Duration renewAfterExpiry,
            boolean sameKey,
            int perMinute,
            int perDay) {
        this(validity, overlap, unusedFor, renewAfterExpiry, sameKey, perMinute, perDay, ApprovalRules.DEFAULT);
    }

    /** A certificate is renewed from the middle of its life on: two tries more than a device needs. */
    static final int RENEW_FROM_PERCENT = 50;

    /** Within this time the same request gets the same certificate: the reply was lost, say. */
    static final Duration RETRY = Duration.ofMinutes(10);

    /** Certificates that wait for the first login of one device. */
    static final int MAX_PENDING = 5;
}
