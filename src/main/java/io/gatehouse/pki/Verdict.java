package io.gatehouse.pki;

import java.util.Optional;

/**
 * What a request for a certificate comes to, where it is granted or recorded: one of these and no other, but that a token
 * may go with a permit.
 *
 * @param before the certificate that the same request got before
 * @param toConsume the token to use up
 * @param permit for a new certificate
 * @param application to be recorded, for an operator to decide
 */
record Verdict(
        Optional<Inventory.Item> before,
        Optional<Inventory.Token> toConsume,
        Optional<Permit> permit,
        Optional<Application> application) {

    static Verdict again(Inventory.Item before) {
        return new Verdict(Optional.of(before), Optional.empty(), Optional.empty(), Optional.empty());
    }

    static Verdict fresh(Permit permit) {
        return new Verdict(Optional.empty(), Optional.empty(), Optional.of(permit), Optional.empty());
    }

    static Verdict fresh(Inventory.Token token, Permit permit) {
        return new Verdict(Optional.empty(), Optional.of(token), Optional.of(permit), Optional.empty());
    }

    static Verdict waits(Application application) {
        return new Verdict(Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(application));
    }

    /** Ends the judging with an answer that changes nothing. */
    static final class Settled extends Exception {
        private static final long serialVersionUID = 1L;
        private final transient EnrolmentAnswer answer;

        Settled(EnrolmentAnswer answer) {
            super(null, null, false, false);
            this.answer = answer;
        }

        static Settled refused(String id, EnrolmentFault fault, String detail) {
            return new Settled(new EnrolmentAnswer.Refused(id, fault, detail));
        }

        EnrolmentAnswer answer() {
            return answer;
        }
    }
}
