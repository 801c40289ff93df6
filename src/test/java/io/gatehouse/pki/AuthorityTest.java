package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorityTest {
    private static final char[] PASSPHRASE = "a passphrase for tests".toCharArray();
    private static final Duration YEAR = Duration.ofDays(365);

    @TempDir
    private Path temp;

    private Authority create() throws PkiProblem {
        return Authority.create(temp.resolve("pki"), "Greenhouses", PASSPHRASE, Clock.systemUTC());
    }

    private Issued server(Authority authority) throws PkiProblem {
        return authority.issue(Profile.SERVER, "broker", List.of("localhost"), List.of("127.0.0.1", "::1"), YEAR);
    }

    private static Issued device(Authority authority, String id) throws PkiProblem {
        return authority.issue(Profile.DEVICE, id, List.of(), List.of(), YEAR);
    }

    private OpenSsl.Answer verify(Issued issued, String purpose) throws Exception {
        issued.writeTo(temp.resolve("out"));
        Path issuer = Files.writeString(temp.resolve("issuer.pem"), Pem.of(issued.issuer()));
        return OpenSsl.run(
                "verify",
                "-x509_strict",
                "-purpose",
                purpose,
                "-CAfile",
                temp.resolve("out/ca.pem"),
                "-untrusted",
                issuer,
                temp.resolve("out/cert.pem"));
    }

    @ParameterizedTest(name = "{0} as {1}: {2}")
    @CsvSource({
        "DEVICE, sslclient, true",
        "DEVICE, sslserver, false",
        "ADMINISTRATOR, sslclient, true",
        "SERVER, sslserver, true",
        "SERVER, sslclient, false"
    })
    void leaf_byOpensslStrictly_isGoodForItsOwnPurposeOnly(Profile profile, String purpose, boolean good)
            throws Exception {
        try (Authority authority = create()) {
            Issued issued = profile.isServer()
                    ? server(authority)
                    : authority.issue(profile, "greenhouse", List.of(), List.of(), YEAR);
            OpenSsl.Answer answer = verify(issued, purpose);
            assertThat(answer.exitCode() == 0).as(answer.text()).isEqualTo(good);
        }
    }

    @Test
    void device_underTheDeviceIssuerAsAnchor_passesJavaPkix_andAServerDoesNot() throws Exception {
        try (Authority authority = create()) {
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(authority.deviceIssuer(), null)));
            parameters.setRevocationEnabled(false);
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            CertPathValidator validator = CertPathValidator.getInstance("PKIX");
            var good =
                    factory.generateCertPath(List.of(device(authority, "pump").certificate()));
            var bad = factory.generateCertPath(List.of(server(authority).certificate()));
            assertThat(validator.validate(good, parameters)).isNotNull();
            assertThatThrownBy(() -> validator.validate(bad, parameters))
                    .isInstanceOf(java.security.cert.CertPathValidatorException.class);
        }
    }

    /** The table of extensions: which, and whether critical. */
    @Test
    void certificates_haveExactlyTheExtensionsOfTheirProfile() throws Exception {
        String basic = "2.5.29.19";
        String usage = "2.5.29.15";
        String purpose = "2.5.29.37";
        String subjectKey = "2.5.29.14";
        String authorityKey = "2.5.29.35";
        String names = "2.5.29.17";
        try (Authority authority = create()) {
            X509Certificate device = device(authority, "pump").certificate();
            X509Certificate server = server(authority).certificate();
            for (X509Certificate one :
                    List.of(authority.root(), authority.deviceIssuer(), authority.serverIssuer(), device, server)) {
                assertThat(one.getVersion()).isEqualTo(3);
                assertThat(one.getCriticalExtensionOIDs()).containsExactlyInAnyOrder(basic, usage);
                assertThat(one.getSerialNumber().signum()).isPositive();
                assertThat(one.getSerialNumber().bitLength()).isBetween(64, 127);
            }
            assertThat(authority.root().getNonCriticalExtensionOIDs()).containsExactlyInAnyOrder(subjectKey);
            assertThat(authority.root().getBasicConstraints()).isEqualTo(Integer.MAX_VALUE);
            assertThat(authority.root().getSigAlgName()).isEqualTo("SHA384withECDSA");
            assertThat(authority.deviceIssuer().getNonCriticalExtensionOIDs())
                    .containsExactlyInAnyOrder(subjectKey, authorityKey);
            assertThat(authority.deviceIssuer().getBasicConstraints()).isZero();
            assertThat(authority.serverIssuer().getBasicConstraints()).isZero();
            assertThat(device.getNonCriticalExtensionOIDs()).containsExactlyInAnyOrder(purpose, authorityKey, names);
            assertThat(device.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
            assertThat(device.getSubjectAlternativeNames()).containsExactly(List.of(6, "urn:gatehouse:device:pump"));
            assertThat(server.getNonCriticalExtensionOIDs())
                    .containsExactlyInAnyOrder(purpose, authorityKey, subjectKey, names);
            assertThat(server.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
            boolean[] signs = {true, false, false, false, false, false, false, false, false};
            assertThat(device.getKeyUsage()).isEqualTo(signs);
            assertThat(server.getKeyUsage()).isEqualTo(signs);
        }
    }

    @Test
    void files_haveTheirModesAndKeysAreEncrypted() throws Exception {
        try (Authority authority = create()) {
            device(authority, "pump").writeTo(authority.folder().outputOf("pump"));
        }
        Path pki = temp.resolve("pki");
        try (Stream<Path> all = Files.walk(pki)) {
            for (Path one : all.toList()) {
                String name = one.getFileName().toString();
                boolean secret = name.endsWith(".key")
                        || name.equals("key.pem")
                        || name.equals("journal")
                        || name.equals("lock");
                String expected = Files.isDirectory(one) ? "rwx------" : secret ? "rw-------" : "rw-r--r--";
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(one)))
                        .as(one.toString())
                        .isEqualTo(expected);
            }
        }
        Path key = pki.resolve("ca/device.key");
        assertThat(Files.readString(key)).startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----");
        OpenSsl.Answer structure = OpenSsl.run("asn1parse", "-in", key);
        assertThat(structure.text()).contains("PBES2", "scrypt", "020000", "aes-256-cbc"); // 2^17
    }

    @Test
    void leaf_neverOutlivesItsIssuer() throws Exception {
        Instant now = Instant.now();
        create().close();
        Clock nearTheEnd = Clock.fixed(now.plus(Duration.ofDays(10 * 365 - 5)), ZoneOffset.UTC);
        try (Authority authority = Authority.open(temp.resolve("pki"), PASSPHRASE, nearTheEnd)) {
            assertThat(device(authority, "pump").certificate().getNotAfter())
                    .isEqualTo(authority.deviceIssuer().getNotAfter());
        }
    }

    @Test
    void open_whileInUse_isRefused() throws Exception {
        try (Authority open = create()) {
            assertThat(open.issuedCount()).isZero();
            assertThatThrownBy(() -> Authority.open(temp.resolve("pki"), PASSPHRASE, Clock.systemUTC()))
                    .isInstanceOfSatisfying(
                            PkiProblem.class, e -> assertThat(e.kind()).isEqualTo(Kind.LOCKED));
        }
    }

    @Test
    void issue_wrongPassphrase_issuesNothing() throws Exception {
        create().close();
        try (Authority authority =
                Authority.open(temp.resolve("pki"), "another passphrase".toCharArray(), Clock.systemUTC())) {
            assertThatThrownBy(() -> device(authority, "pump"))
                    .isInstanceOfSatisfying(
                            PkiProblem.class, e -> assertThat(e.kind()).isEqualTo(Kind.PASSPHRASE));
            assertThat(authority.issuedCount()).isZero();
        }
    }

    @Test
    void issue_secondForAnActiveId_isRefusedUnlessReplaced() throws Exception {
        try (Authority authority = create()) {
            device(authority, "pump");
            assertThatThrownBy(() -> device(authority, "pump"))
                    .isInstanceOfSatisfying(
                            PkiProblem.class, e -> assertThat(e.kind()).isEqualTo(Kind.POLICY));
            assertThat(authority.replace(Profile.DEVICE, "pump", YEAR).id()).isEqualTo("pump");
        }
    }

    @ParameterizedTest(name = "id \"{0}\"")
    @ValueSource(strings = {"", " ", "a/b", "a+b", "#", "$SYS", "..", ".hidden", "a\u0000b", "a,b", "ü", "a b"})
    void issue_idThatCouldBeMistaken_isRefused(String id) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        Request request = Request.client(id, generator.generateKeyPair().getPublic(), YEAR);
        assertThatThrownBy(() -> Profile.DEVICE.permit(request))
                .isInstanceOfSatisfying(
                        PkiProblem.class, e -> assertThat(e.kind()).isEqualTo(Kind.INPUT));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"P-521", "RSA 2048"})
    void permit_keyThatIsNotCertified_isRefused(String kind) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(kind.startsWith("RSA") ? "RSA" : "EC");
        if (kind.startsWith("RSA")) {
            generator.initialize(2048);
        } else {
            generator.initialize(new ECGenParameterSpec("secp521r1"));
        }
        Request request = Request.client("pump", generator.generateKeyPair().getPublic(), YEAR);
        assertThatThrownBy(() -> Profile.DEVICE.permit(request))
                .isInstanceOfSatisfying(
                        PkiProblem.class, e -> assertThat(e.kind()).isEqualTo(Kind.POLICY));
    }

    @Test
    void journal_editedLine_isNamedAndNothingIsIssued() throws Exception {
        try (Authority authority = create()) {
            device(authority, "pump");
            device(authority, "valve");
        }
        Path journal = temp.resolve("pki/journal");
        String before = Files.readString(journal);
        String edited = before.replace("\tpump\t", "\tpomp\t");
        Files.writeString(journal, edited);
        assertThatThrownBy(() -> Authority.open(temp.resolve("pki"), PASSPHRASE, Clock.systemUTC()))
                .isInstanceOfSatisfying(PkiProblem.class, e -> {
                    assertThat(e.kind()).isEqualTo(Kind.CORRUPT);
                    assertThat(e).hasMessageContaining("journal:2");
                });
        assertThat(Files.readString(journal)).isEqualTo(edited);
    }

    @Test
    void journal_tornLastLine_isSetAsideAndTheRestGoesOn() throws Exception {
        try (Authority authority = create()) {
            device(authority, "pump");
        }
        Path journal = temp.resolve("pki/journal");
        String whole = Files.readString(journal);
        Files.writeString(journal, "3\t2026-01-01T00:00:00Z\troot\tiss", StandardOpenOption.APPEND);
        try (Authority authority = Authority.open(temp.resolve("pki"), PASSPHRASE, Clock.systemUTC())) {
            assertThat(authority.issuedCount()).isEqualTo(1);
            assertThat(Files.readString(journal)).isEqualTo(whole);
            device(authority, "valve");
        }
        assertThat(Authority.view(temp.resolve("pki")).items()).hasSize(2);
        try (Stream<Path> files = Files.list(temp.resolve("pki"))) {
            assertThat(files.filter(file -> file.getFileName().toString().startsWith("journal.torn-")))
                    .singleElement()
                    .satisfies(torn -> assertThat(content(torn)).endsWith("iss"));
        }
    }

    private static String content(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void create_folderOthersCanWrite_isRefused() throws Exception {
        Path open = Files.createDirectory(temp.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> Authority.create(open, "Greenhouses", PASSPHRASE, Clock.systemUTC()))
                .hasMessageContaining("chmod 700");
    }

    @Test
    void storedPassphrase_isMadeOnceAndPrivate() throws Exception {
        char[] made = StoredPassphrase.beside(temp.resolve("pki"));
        assertThat(made).hasSize(26);
        assertThat(StoredPassphrase.beside(temp.resolve("pki"))).isEqualTo(made);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(temp.resolve("pki/passphrase"))))
                .isEqualTo("rw-------");
    }

    @Test
    void storedPassphrase_thatOthersCanRead_isRefused() throws Exception {
        Path file = temp.resolve("word");
        Files.writeString(file, "correct horse battery\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> StoredPassphrase.read(file))
                .isInstanceOf(PkiProblem.class)
                .hasMessageContaining("chmod 600 " + file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertThat(StoredPassphrase.read(file)).isEqualTo("correct horse battery".toCharArray());
    }
}
