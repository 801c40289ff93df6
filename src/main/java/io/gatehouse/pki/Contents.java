package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;

/**
 * Says what is in a file, whichever of the forms that people are handed it is: certificates, requests, revocation lists and
 * keys as PEM or DER, and PKCS#12 and JKS stores. Stateless; private keys are named, never shown.
 */
public final class Contents {
    private static final byte[] JKS = {(byte) 0xFE, (byte) 0xED, (byte) 0xFE, (byte) 0xED};

    private static final String BEGIN = "-----BEGIN ";

    private Contents() {}

    /**
     * What each thing in it says.
     *
     * @param name of the file, for messages
     * @param password asked for only if the file is a store
     */
    public static List<Map<String, Object>> of(String name, byte[] bytes, Supplier<char[]> password) throws PkiProblem {
        if (new String(bytes, StandardCharsets.ISO_8859_1).contains(BEGIN)) {
            return blocks(name, bytes);
        }
        if (Arrays.equals(bytes, 0, Math.min(4, bytes.length), JKS, 0, 4)) {
            return store(name, bytes, "JKS", password);
        }
        Optional<ASN1Sequence> sequence = sequence(bytes);
        if (sequence.isPresent() && sequence.get().size() >= 2) {
            ASN1Sequence outer = sequence.get();
            boolean numbered = outer.getObjectAt(0) instanceof ASN1Integer;
            if (numbered && ((ASN1Integer) outer.getObjectAt(0)).hasValue(3)) {
                return store(name, bytes, "PKCS12", password);
            }
            if (numbered && outer.size() > 2 && outer.getObjectAt(2) instanceof ASN1OctetString) {
                return List.of(key(name, "PRIVATE KEY", bytes));
            }
            if (numbered && outer.getObjectAt(1) instanceof ASN1OctetString) {
                return List.of(key(name, "EC PRIVATE KEY", bytes)); // RFC 5915
            }
            if (numbered && outer.size() == 9) {
                return List.of(key(name, "RSA PRIVATE KEY", bytes)); // RFC 8017, A.1.2
            }
            if (outer.size() == 2 && outer.getObjectAt(1) instanceof ASN1OctetString) {
                return List.of(encryptedKey());
            }
        }
        return der(name, bytes);
    }

    private static Optional<ASN1Sequence> sequence(byte[] bytes) {
        try {
            return Optional.of(ASN1Sequence.getInstance(bytes));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // whatever it is, the last resort says that it is no certificate
        }
    }

    private static List<Map<String, Object>> blocks(String name, byte[] bytes) throws PkiProblem {
        List<Map<String, Object>> all = new ArrayList<>();
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        try (PemReader reader = new PemReader(new StringReader(text))) {
            for (PemObject block = reader.readPemObject(); block != null; block = reader.readPemObject()) {
                boolean locked = block.getType().endsWith("PRIVATE KEY")
                        && !block.getHeaders().isEmpty(); // Proc-Type: 4,ENCRYPTED of RFC 1421
                all.add(locked ? encryptedKey() : block(name, block.getType(), block.getContent()));
            }
        } catch (IOException | RuntimeException e) { // the library's for base 64 that is none
            throw new PkiProblem(
                    Kind.INPUT,
                    name + ":" + lineOfBlock(text, all.size())
                            + ": a block of PEM is cut short or damaged. Copy it anew from" + " where it was made");
        }
        return all;
    }

    /** Where a block begins, counted from 1; after so many others. */
    private static long lineOfBlock(String text, int others) {
        int at = text.indexOf(BEGIN);
        for (int i = 0; i < others; i++) {
            at = text.indexOf(BEGIN, at + 1);
        }
        return 1
                + text.substring(0, Math.max(0, at))
                        .chars()
                        .filter(one -> one == '\n')
                        .count();
    }

    private static Map<String, Object> block(String name, String type, byte[] content) throws PkiProblem {
        return switch (type) {
            case "CERTIFICATE", "X509 CERTIFICATE" ->
                Inspection.describe(Pem.certificates(name, content).get(0));
            case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST" -> Csr.describe(name, content);
            case "X509 CRL" ->
                Inspection.describe(revocations(content)
                        .orElseThrow(() -> new PkiProblem(Kind.INPUT, name + ": a revocation list that is none")));
            case "ENCRYPTED PRIVATE KEY" -> encryptedKey();
            case "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY" -> key(name, type, content);
            default -> Map.of("kind", Profile.shown(type).toLowerCase(java.util.Locale.ROOT), "bytes", content.length);
        };
    }

    private static Map<String, Object> key(String name, String label, byte[] content) throws PkiProblem {
        Key key = Export.key(name, Pem.block(label, content));
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("kind", "private key");
        fields.put("key", Curves.describe(key));
        return fields;
    }

    private static Map<String, Object> encryptedKey() {
        return Map.of("kind", "private key", "key", "encrypted");
    }

    private static List<Map<String, Object>> der(String name, byte[] bytes) throws PkiProblem {
        Optional<X509CRL> list = revocations(bytes);
        if (list.isPresent()) {
            return List.of(Inspection.describe(list.get()));
        }
        try {
            List<Map<String, Object>> all = new ArrayList<>();
            for (X509Certificate certificate : Pem.certificates(name, bytes)) {
                all.add(Inspection.describe(certificate));
            }
            return all;
        } catch (PkiProblem noCertificate) {
            try {
                return List.of(Csr.describe(name, bytes));
            } catch (PkiProblem e) {
                throw new PkiProblem(
                        Kind.INPUT,
                        name + ": no certificate, request, revocation list, key or store that is known here");
            }
        }
    }

    static Optional<X509CRL> revocations(byte[] bytes) {
        try {
            return Optional.ofNullable(
                    (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(bytes)));
        } catch (GeneralSecurityException e) {
            return Optional.empty(); // then it is tried as what it may be besides
        }
    }

    private static List<Map<String, Object>> store(String name, byte[] bytes, String type, Supplier<char[]> password)
            throws PkiProblem {
        char[] opens = password.get();
        try {
            KeyStore store = KeyStore.getInstance(type);
            store.load(new ByteArrayInputStream(bytes), opens);
            List<Map<String, Object>> all = new ArrayList<>();
            for (String alias : Collections.list(store.aliases())) {
                if (store.isKeyEntry(alias)) {
                    Map<String, Object> fields = new LinkedHashMap<>();
                    fields.put("kind", "private key");
                    fields.put("alias", alias);
                    fields.put("key", Curves.describe(store.getKey(alias, opens)));
                    all.add(fields);
                }
                Certificate[] chain = store.getCertificateChain(alias);
                for (Certificate one : chain == null ? new Certificate[] {store.getCertificate(alias)} : chain) {
                    Map<String, Object> fields = new LinkedHashMap<>();
                    fields.put("alias", alias);
                    fields.putAll(Inspection.describe((X509Certificate) one));
                    all.add(fields);
                }
            }
            return all;
        } catch (UnrecoverableKeyException e) {
            throw wrong(name);
        } catch (IOException | GeneralSecurityException | RuntimeException e) { // the last: lengths that cannot be
            if (e.getCause() instanceof UnrecoverableKeyException) {
                throw wrong(name);
            }
            throw new PkiProblem(
                    Kind.INPUT,
                    name + ": a store (" + type
                            + ") that is cut short, damaged or closed in a way that is not known. Copy it"
                            + " anew, or export it again");
        } finally {
            Arrays.fill(opens, '\0');
        }
    }

    private static PkiProblem wrong(String name) {
        return new PkiProblem(
                Kind.PASSPHRASE,
                name + ": that is not its password, or it is damaged. Give another with --password-file FILE");
    }
}
