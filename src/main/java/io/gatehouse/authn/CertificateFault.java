package io.gatehouse.authn;

/** A certificate that yields no user name; the message says why, with what it quotes escaped and cut. */
final class CertificateFault extends Exception {
    private static final long serialVersionUID = 1L;

    CertificateFault(String message) {
        super(message, null, false, false);
    }
}
