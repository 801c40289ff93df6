package io.gatehouse.authn;

import java.security.cert.X509Certificate;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Logs in whoever holds the key of a certificate that the handshake accepted. Any thread; never blocks.
 *
 * <p>User name and password of the CONNECT are not looked at, as with Mosquitto's {@code use_identity_as_username}:
 * where both shall count, the listener says {@code login: {all: [certificate, password]}}. The login ends with the
 * certificate's last second.
 */
public final class CertificateAuthenticator implements Authenticator {
    static final String REALM = "certificate";

    private final CertificateLogin settings;

    public CertificateAuthenticator(CertificateLogin settings) {
        this.settings = settings;
    }

    @Override
    public CompletionStage<Authentication> authenticate(Credentials credentials) {
        return CompletableFuture.completedFuture(decide(credentials));
    }

    private Authentication decide(Credentials credentials) {
        X509Certificate certificate = credentials.peer().certificate().orElse(null);
        if (certificate == null) {
            return Refusal.bad("no certificate was presented");
        }
        try {
            CertificateIdentity identity = CertificateIdentity.of(certificate, settings);
            Subject subject = new Subject(
                    identity.user(),
                    Set.of(AuthMethod.CERTIFICATE),
                    credentials.listener(),
                    credentials.peer().address().getAddress(),
                    identity.attributes());
            return new Authentication.Accepted(
                    new Principal(subject, REALM, credentials.peer().acceptedUntil()), null);
        } catch (CertificateFault e) {
            return Refusal.bad("the certificate yields no user name: " + e.getMessage());
        }
    }
}
