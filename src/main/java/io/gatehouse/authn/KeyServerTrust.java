package io.gatehouse.authn;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The authorities that a key set's server is verified by, from a file: nobody else's certificates count then. Immutable;
 * reading blocks.
 *
 * @param fingerprint of the file, to see whether it is another now
 */
record KeyServerTrust(SSLContext context, String fingerprint) {
    private static final int MAX_BYTES = 1 << 20;

    static KeyServerTrust read(Path file) throws Unusable {
        try {
            // who can write it decides whose keys open the door
            PrivateFile.requireUnwritable(file);
            if (Files.size(file) > MAX_BYTES) {
                throw new Unusable(file + ": is larger than " + MAX_BYTES + " bytes");
            }
            byte[] bytes = Files.readAllBytes(file);
            Collection<? extends Certificate> authorities =
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes));
            if (authorities.isEmpty()) {
                throw new Unusable(file + ": no certificate in it");
            }
            return new KeyServerTrust(context(authorities), Fingerprint.of(bytes));
        } catch (NoSuchFileException e) {
            throw new Unusable(file + ": there is no such file");
        } catch (IOException e) {
            throw new Unusable(file + ": cannot be read: " + PrivateFile.reason(e));
        } catch (GeneralSecurityException e) {
            throw new Unusable(file + ": not a certificate: " + e.getMessage());
        }
    }

    private static SSLContext context(Collection<? extends Certificate> authorities)
            throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int number = 0;
        for (Certificate authority : authorities) {
            store.setCertificateEntry("authority-" + number++, authority);
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }
}
