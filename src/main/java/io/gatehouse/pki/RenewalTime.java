package io.gatehouse.pki;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/** When a device does well to renew its certificate. Stateless. */
public final class RenewalTime {
    private static final int SLOTS = 1 << 16;

    private RenewalTime() {}

    /**
     * A third of its life before its end, and up to a tenth earlier: always the same for one certificate, and another for
     * each, so that devices that were made on one day do not renew on one day.
     */
    public static Instant of(X509Certificate certificate) {
        Instant start = certificate.getNotBefore().toInstant().plus(Signer.BACKDATING);
        Instant end = certificate.getNotAfter().toInstant();
        Duration life = Duration.between(start, end);
        int slot = certificate.getSerialNumber().intValue() & SLOTS - 1;
        return end.minus(life.dividedBy(3))
                .minus(life.dividedBy(10).multipliedBy(slot).dividedBy(SLOTS));
    }
}
