package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;

/** DER in the clothes that other programs read (RFC 7468), and back. Stateless. */
public final class Pem {
    /** Nothing that this reads is near it; a wrong file may be. */
    private static final long MAX_BYTES = 32L << 20;

    private static final Pattern LABEL = Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----");

    private Pem() {}

    public static String of(X509Certificate... certificates) {
        StringBuilder pem = new StringBuilder();
        for (X509Certificate certificate : certificates) {
            pem.append(block("CERTIFICATE", der(certificate)));
        }
        return pem.toString();
    }

    /** PKCS#8, unencrypted: what a device starts with. */
    public static byte[] of(PrivateKey key) {
        return block("PRIVATE KEY", pkcs8(key)).getBytes(StandardCharsets.US_ASCII);
    }

    /** Version 1 of PKCS#8, without the public key that version 2 carries along: OpenSSL 3.0 does not read the other. */
    static byte[] pkcs8(PrivateKey key) {
        byte[] encoded = key.getEncoded();
        PrivateKeyInfo info = PrivateKeyInfo.getInstance(encoded);
        if (!info.hasPublicKey()) {
            return encoded;
        }
        try {
            return new PrivateKeyInfo(info.getPrivateKeyAlgorithm(), info.parsePrivateKey()).getEncoded();
        } catch (IOException e) {
            throw new IllegalStateException("a key that was made cannot be written", e);
        }
    }

    static String block(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END " + label + "-----\n";
    }

    static byte[] der(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was read cannot be written", e);
        }
    }

    /** The bytes of a file that is not absurdly large. */
    public static byte[] bytes(Path file) throws PkiProblem {
        return bytes(file, MAX_BYTES);
    }

    /** The bytes of a file of so many at most. */
    static byte[] bytes(Path file, long most) throws PkiProblem {
        try {
            if (Files.isDirectory(file)) {
                throw new PkiProblem(Kind.INPUT, file + ": a folder, not a file");
            }
            if (Files.size(file) > most) {
                throw new PkiProblem(Kind.INPUT, file + ": larger than " + most + " bytes");
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new PkiProblem(Kind.NOT_FOUND, file + ": no such file");
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, file + ": cannot be read: " + FileFault.why(e));
        }
    }

    /** The certificates of a file, PEM or DER; at least one. */
    public static List<X509Certificate> certificates(Path file) throws PkiProblem {
        return certificates(file.toString(), bytes(file));
    }

    static List<X509Certificate> certificates(String name, byte[] bytes) throws PkiProblem {
        try {
            List<X509Certificate> all = new ArrayList<>();
            for (var certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes))) {
                all.add((X509Certificate) certificate);
            }
            if (all.isEmpty()) {
                throw new PkiProblem(Kind.INPUT, name + ": no certificate in it");
            }
            return all;
        } catch (CertificateException e) {
            throw new PkiProblem(Kind.INPUT, name + ": not a certificate" + instead(bytes));
        }
    }

    /** What people give for a certificate by mistake. */
    private static String instead(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        Matcher label = LABEL.matcher(text);
        if (!label.find()) {
            return ", neither PEM nor DER; or it is damaged";
        }
        return label.group(1).endsWith("CERTIFICATE")
                ? "; what follows BEGIN " + label.group(1) + " is damaged"
                : " but a " + label.group(1).toLowerCase(Locale.ROOT) + "; gatehouse certs inspect shows it";
    }
}
