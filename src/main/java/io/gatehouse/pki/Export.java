package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;

/** A holder's key and certificates in the forms that other programs read. Immutable. */
public final class Export {
    private static final Set<String> OF_EVERY_HOLDER = Set.of("key.pem", "cert.pem", "ca.pem");

    /** The forms, the ending of their files, and whether they hold the key. */
    public enum Format {
        PEM("pem", true, false),
        DER("der", false, false),
        PKCS8("p8", true, false),
        P12("p12", true, true),
        P12_COMPAT("p12", true, true),
        JKS("jks", true, true),
        ZIP("zip", true, false),
        HEADER("h", true, false),
        ARDUINO("h", true, false),
        ESP_NVS("csv", true, false);

        private final String ending;
        private final boolean secret;
        private final boolean locked;

        Format(String ending, boolean secret, boolean locked) {
            this.ending = ending;
            this.secret = secret;
            this.locked = locked;
        }

        public String ending() {
            return ending;
        }

        /** Whether it holds the private key. */
        public boolean isSecret() {
            return secret;
        }

        /** Whether it is closed with a password. */
        public boolean hasPassword() {
            return locked;
        }

        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** By its word; {@code nvs} is {@code esp-nvs}. */
        public static Optional<Format> ofWord(String word) {
            String whole = word.equals("nvs") ? "esp-nvs" : word;
            return Arrays.stream(values())
                    .filter(one -> one.word().equals(whole))
                    .findFirst();
        }

        public static String words() {
            return Arrays.stream(values()).map(Format::word).collect(Collectors.joining(", "));
        }

        /** The name of a holder's file in its folder, where it takes no other's place. */
        public String fileName(String id) {
            String name = id + "." + ending;
            return OF_EVERY_HOLDER.contains(name) ? "whole-" + name : name;
        }
    }

    private final List<X509Certificate> chain;
    private final X509Certificate root;
    private final Optional<PrivateKey> key;

    private Export(List<X509Certificate> chain, X509Certificate root, Optional<PrivateKey> key) {
        this.chain = chain;
        this.root = root;
        this.key = key;
    }

    /** Takes what a command left in a folder: {@code cert.pem}, {@code ca.pem} and, if it is there, {@code key.pem}. */
    public static Export of(Path folder) throws PkiProblem {
        Path keyFile = folder.resolve("key.pem");
        Optional<PrivateKey> key = java.nio.file.Files.exists(keyFile) ? Optional.of(key(keyFile)) : Optional.empty();
        List<X509Certificate> chain = Pem.certificates(folder.resolve("cert.pem"));
        return new Export(chain, Pem.certificates(folder.resolve("ca.pem")).get(0), key);
    }

    /** Takes what was just issued. */
    static Export of(Issued issued) {
        return new Export(List.of(issued.certificate(), issued.issuer()), issued.root(), issued.key());
    }

    /** Reads a private key that is not encrypted: PKCS#8, or what older programs write for EC and RSA. */
    static PrivateKey key(Path file) throws PkiProblem {
        return key(file.toString(), new String(Pem.bytes(file), StandardCharsets.US_ASCII));
    }

    static PrivateKey key(String file, String text) throws PkiProblem {
        try (PEMParser parser = new PEMParser(new StringReader(text))) {
            Object object = parser.readObject();
            if (object instanceof PrivateKeyInfo info) {
                return KeyKind.read(info);
            }
            if (object instanceof PEMKeyPair pair) {
                return KeyKind.read(pair.getPrivateKeyInfo());
            }
            throw new PkiProblem(Kind.INPUT, file + ": no private key in it that is not encrypted");
        } catch (IOException | GeneralSecurityException | RuntimeException e) { // the last: what is not base 64 or DER
            throw new PkiProblem(
                    Kind.INPUT,
                    file
                            + ": the private key in it is cut short, damaged or of a kind that is not known. Copy it anew from"
                            + " where it was made");
        }
    }

    /**
     * The bytes of a file of this form.
     *
     * @param password of a form that has one; empty otherwise
     */
    public byte[] as(Format format, String name, char[] password) throws PkiProblem {
        try {
            return switch (format) {
                case PEM -> ascii(chainPem() + keyPem());
                case DER -> Pem.der(chain.get(0));
                case PKCS8 -> Pem.pkcs8(requireKey());
                case P12 -> store("PKCS12", name, password, false);
                case P12_COMPAT -> store("PKCS12", name, password, true);
                case JKS -> store("JKS", name, password, false);
                case ZIP -> zip(name);
                case HEADER -> ascii(Firmware.header(name, Pem.of(root), chainPem(), keyPem()));
                case ARDUINO -> ascii(Firmware.arduino(name, Pem.of(root), chainPem(), keyPem()));
                case ESP_NVS -> ascii(Firmware.nvs(name, Pem.of(root), chainPem(), keyPem()));
            };
        } catch (GeneralSecurityException | IOException e) {
            throw new PkiProblem(
                    Kind.IO,
                    "\"" + name + "\" cannot be exported as " + format.word()
                            + ", which does not take such a key or password." + " Choose another form: "
                            + Format.words());
        }
    }

    private PrivateKey requireKey() throws PkiProblem {
        return key.orElseThrow(() -> new PkiProblem(
                Kind.NOT_FOUND, "the key is not here: its holder made it. Export a form without it, such as der"));
    }

    /** PBES2 with AES-256 and HMAC-SHA256; for old readers, triple DES and SHA-1, which they alone understand. */
    private byte[] store(String type, String name, char[] password, boolean compatible)
            throws GeneralSecurityException, IOException, PkiProblem {
        KeyStore store;
        if (compatible) {
            store = KeyStore.getInstance("PKCS12-3DES-3DES", BouncyCastle.PROVIDER);
        } else {
            store = KeyStore.getInstance(type); // the platform's: PBES2 with AES-256 since Java 17
        }
        store.load(null, null);
        List<X509Certificate> whole = new ArrayList<>(chain);
        if (!whole.contains(root)) {
            whole.add(root);
        }
        store.setKeyEntry(name, requireKey(), password, whole.toArray(X509Certificate[]::new));
        if (!compatible) {
            store.setCertificateEntry("root", root); // Java reads it as trusted, others as one more certificate
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        store.store(bytes, password);
        return bytes.toByteArray();
    }

    /** What the folder of a holder has, with the key its owner's only. */
    private byte[] zip(String name) throws IOException, PkiProblem {
        Instant at = chain.get(0).getNotBefore().toInstant();
        Zip zip = new Zip();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        zip.write(bytes, name + "/key.pem", 0600, ascii(keyPem()), at);
        zip.write(bytes, name + "/ca.pem", 0644, ascii(Pem.of(root)), at);
        zip.write(bytes, name + "/cert.pem", 0644, ascii(chainPem()), at);
        zip.end(bytes);
        return bytes.toByteArray();
    }

    private String chainPem() {
        return Pem.of(chain.toArray(X509Certificate[]::new));
    }

    private String keyPem() throws PkiProblem {
        return new String(Pem.of(requireKey()), StandardCharsets.US_ASCII);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
