package io.gatehouse.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Every key and certificate that an authority knows of, with its algorithm, its size, its use, its end, and where it is: what
 * an auditor asks for (PCI DSS 4.0.1, 4.2.1.1 and 12.3.3). Confined to one thread; needs no passphrase.
 */
public final class CryptoInventory {
    private static final String WITH_HOLDER = "with its holder";

    /**
     * One of them.
     *
     * @param kind {@code certificate}, {@code key}, {@code list}, {@code secret} or {@code hash}
     * @param bits of the key; 0: it has none
     * @param signature the algorithm by which it is signed; empty: it is not
     * @param state of a certificate or its key, as {@code certs list} says it
     * @param end when it ends; empty: never, or nobody knows
     * @param protection how what is secret is kept from others
     */
    public record Row(
            String kind,
            String name,
            String use,
            String algorithm,
            int bits,
            String signature,
            String state,
            String end,
            String serial,
            String protection,
            String place) {}

    private final AuthorityFolder folder;
    private final Inventory inventory;
    private final Instant now;
    private final Consumer<Row> reader;
    private final Set<String> keys = new HashSet<>();

    private CryptoInventory(AuthorityFolder folder, Inventory inventory, Instant now, Consumer<Row> reader) {
        this.folder = folder;
        this.inventory = inventory;
        this.now = now;
        this.reader = reader;
    }

    /** Hands on every row, the authorities' first; it holds no more than one certificate at a time. */
    public static void of(Path authority, Instant now, Consumer<Row> reader) throws PkiProblem {
        Inventory inventory = Authority.view(authority);
        CryptoInventory all = new CryptoInventory(new AuthorityFolder(authority), inventory, now, reader);
        try {
            for (String name : List.of("root", "device", "server")) {
                all.authority(name);
            }
            for (String name : List.of("device", "server")) {
                all.list(name);
            }
            all.records();
            Ledger.certificates(authority, all::issued);
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, authority + ": cannot be read: " + e.getMessage());
        } catch (GeneralSecurityException e) {
            throw new PkiProblem(PkiProblem.Kind.CORRUPT, authority + ": a list cannot be read: " + e.getMessage());
        }
    }

    private void authority(String name) throws PkiProblem {
        X509Certificate certificate = folder.certificate(name);
        String state = now.isAfter(certificate.getNotAfter().toInstant()) ? "expired" : "active";
        certificate(
                name + " authority",
                certificate,
                state,
                folder.certificateOf(name).toString());
        Path key = folder.keyOf(name);
        boolean here = Files.exists(key);
        row(
                "key",
                name + " authority",
                certificate,
                state,
                here ? KeyVault.describe(key) : "not here: kept elsewhere, or never in this folder",
                here ? key.toString() : "");
    }

    private void list(String name) throws IOException, GeneralSecurityException {
        Path file = folder.revocationList(name);
        if (!Files.exists(file)) {
            return;
        }
        try (var in = Files.newInputStream(file)) {
            X509CRL list = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
            Instant end = list.getNextUpdate() == null
                    ? Instant.MIN
                    : list.getNextUpdate().toInstant();
            reader.accept(new Row(
                    "list",
                    name + " authority",
                    "says which certificates are revoked",
                    "",
                    0,
                    list.getSigAlgName(),
                    now.isAfter(end) ? "expired" : "active",
                    end.equals(Instant.MIN) ? "" : end.toString(),
                    "",
                    "",
                    file.toString()));
        }
    }

    /** What is neither a key nor a certificate and holds them up. */
    private void records() throws IOException {
        reader.accept(new Row(
                "hash",
                "journal",
                "chains its lines, so that a change shows",
                "SHA-256",
                256,
                "",
                "active",
                "",
                "",
                mode(folder.journal()),
                folder.journal().toString()));
        Path passphrase = folder.path().resolve(StoredPassphrase.NAME);
        if (Files.exists(passphrase)) {
            reader.accept(new Row(
                    "secret",
                    "passphrase",
                    "opens the authorities' keys",
                    "",
                    0,
                    "",
                    "active",
                    "",
                    "",
                    mode(passphrase) + ", not encrypted",
                    passphrase.toString()));
        }
        for (Inventory.Token token : inventory.tokens()) {
            if (token.usable(now)) {
                reader.accept(new Row(
                        "secret",
                        token.id(),
                        "enrols once",
                        "",
                        130,
                        "",
                        "active",
                        token.end().toString(),
                        "",
                        "only its SHA-256 is kept",
                        WITH_HOLDER));
            }
        }
    }

    private void issued(String id, X509Certificate certificate) {
        String state = inventory
                .bySerial(certificate.getSerialNumber())
                .map(item -> item.state(now).word())
                .orElse("unknown");
        Path out = folder.outputOf(id);
        boolean last = isIn(out.resolve("cert.pem"), certificate);
        certificate(id, certificate, state, last ? out.resolve("cert.pem").toString() : WITH_HOLDER);
        if (keys.add(Authority.keyHash(certificate.getPublicKey()))) {
            Path key = out.resolve("key.pem");
            boolean here = last && Files.exists(key);
            row(
                    "key",
                    id,
                    certificate,
                    state,
                    here ? mode(key) + ", not encrypted" : "",
                    here ? key.toString() : WITH_HOLDER);
        }
    }

    private static boolean isIn(Path file, X509Certificate certificate) {
        try {
            return Files.exists(file)
                    && Pem.certificates(file).get(0).getSerialNumber().equals(certificate.getSerialNumber());
        } catch (PkiProblem e) {
            return false; // whatever is there, it is not this one
        }
    }

    private static String mode(Path file) {
        try {
            return "mode " + PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
        } catch (IOException e) {
            return "mode unknown: " + e.getMessage();
        }
    }

    private void certificate(String name, X509Certificate certificate, String state, String place) {
        row("certificate", name, certificate, state, "", place);
    }

    private void row(
            String kind, String name, X509Certificate certificate, String state, String protection, String place) {
        PublicKey key = certificate.getPublicKey();
        boolean endless = certificate.getNotAfter().toInstant().equals(Instant.parse("9999-12-31T23:59:59Z"));
        reader.accept(new Row(
                kind,
                name,
                String.join(" ", Inspection.uses(certificate)),
                Curves.describe(key),
                bits(key),
                kind.equals("certificate") ? certificate.getSigAlgName() : "",
                state,
                endless ? "" : certificate.getNotAfter().toInstant().toString(),
                certificate.getSerialNumber().toString(16),
                protection,
                place));
    }

    private static int bits(PublicKey key) {
        if (key instanceof RSAPublicKey rsa) {
            return rsa.getModulus().bitLength();
        }
        return key instanceof ECPublicKey ec
                ? ec.getParams().getCurve().getField().getFieldSize()
                : 256; // Ed25519
    }
}
