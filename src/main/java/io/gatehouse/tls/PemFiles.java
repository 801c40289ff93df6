package io.gatehouse.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates, keys and revocation lists from files, whole or not at all. Stateless. */
final class PemFiles {
    private static final Pattern KEY = Pattern.compile(
            "-----BEGIN ([A-Z ]*)PRIVATE KEY-----(.*?)-----END [A-Z ]*PRIVATE KEY-----", Pattern.DOTALL);

    private PemFiles() {}

    /** At least one certificate. */
    static List<X509Certificate> certificates(Path file) throws UnusableTls {
        try {
            List<X509Certificate> certificates = new ArrayList<>();
            byte[] bytes = Files.readAllBytes(file);
            for (var certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes))) {
                certificates.add((X509Certificate) certificate);
            }
            if (certificates.isEmpty()) {
                throw new UnusableTls(file + ": no certificate in it");
            }
            return List.copyOf(certificates);
        } catch (IOException e) {
            throw new UnusableTls(file + ": cannot be read: " + e.getMessage(), e);
        } catch (CertificateException e) {
            throw new UnusableTls(file + ": not a certificate: " + e.getMessage(), e);
        }
    }

    /** A private key, PKCS#8, in a file that only its owner reads. */
    static PrivateKey key(Path file) throws UnusableTls {
        requirePrivate(file);
        try {
            Matcher matcher = KEY.matcher(Files.readString(file));
            if (!matcher.find()) {
                throw new UnusableTls(file + ": no private key in it");
            }
            if (matcher.group(1).contains("ENCRYPTED")) {
                throw new UnusableTls(
                        file + ": the key is encrypted; the broker starts without anybody to ask. Write it"
                                + " unencrypted, mode 0600");
            }
            if (!matcher.group(1).isEmpty()) {
                throw new UnusableTls(
                        file + ": an old key format. Convert it: openssl pkcs8 -topk8 -nocrypt -in " + file);
            }
            byte[] encoded = Base64.getMimeDecoder().decode(matcher.group(2));
            PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(encoded);
            for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
                try {
                    return KeyFactory.getInstance(algorithm).generatePrivate(spec);
                } catch (GeneralSecurityException e) {
                    continue; // a key of another kind
                }
            }
            throw new UnusableTls(file + ": a key of a kind that is not supported (EC, RSA and EdDSA are)");
        } catch (IOException e) {
            throw new UnusableTls(file + ": cannot be read: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new UnusableTls(file + ": not PEM: " + e.getMessage(), e);
        }
    }

    private static void requirePrivate(Path file) throws UnusableTls {
        try {
            Path real = file.toRealPath(); // Kubernetes mounts secrets as links
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(real);
            boolean exposed = permissions.contains(PosixFilePermission.OTHERS_READ)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)
                    || permissions.contains(PosixFilePermission.GROUP_WRITE);
            if (exposed) {
                throw new UnusableTls(file + ": a private key that others can read or write. Run: chmod 600 " + real);
            }
        } catch (IOException e) {
            throw new UnusableTls(file + ": cannot be read: " + e.getMessage(), e);
        } catch (UnsupportedOperationException e) {
            return; // a file system without modes has its own protection
        }
    }
}
