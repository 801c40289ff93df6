package io.gatehouse.pki;

import java.security.cert.X509Certificate;
import java.util.List;

/** What a device that asked for a certificate is told. */
public sealed interface EnrolmentAnswer {
    /** Whom it is about, as far as that is known; empty if not. */
    String id();

    /**
     * @param dropped what the request asked for beside and did not get
     * @param again whether it is the certificate that was made for the same key before
     * @param today how many certificates were made within a day, this one included
     * @param perDay how many there may be
     */
    record Granted(String id, X509Certificate certificate, List<String> dropped, boolean again, int today, int perDay)
            implements EnrolmentAnswer {
        public Granted {
            dropped = List.copyOf(dropped);
        }
    }

    /**
     * An operator decides about it.
     *
     * @param fingerprint of its key, by which the operator knows the device
     * @param first whether it was not known to wait before
     */
    record Waiting(String id, String fingerprint, boolean first) implements EnrolmentAnswer {}

    /** @param detail for the device and the log; holds no secret */
    record Refused(String id, EnrolmentFault fault, String detail) implements EnrolmentAnswer {}
}
