package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ProfilesTest {
    private static final char[] PASSPHRASE = "correct horse battery".toCharArray();

    @TempDir
    Path temp;

    private Authority create() throws PkiProblem {
        return Authority.create(temp.resolve("pki"), "Greenhouses", PASSPHRASE, Clock.systemUTC());
    }

    static Issued issue(Authority authority, Profile profile, KeyKind kind) throws PkiProblem {
        List<String> names = profile.hasHostNames() ? List.of("localhost") : List.of();
        return authority.issue(
                profile, Draft.server("holder", names, List.of(), authority.validityOf(profile)), kind, true);
    }

    @Test
    void files_ofTheTool_areTheBuiltInOnes() throws Exception {
        Set<String> files = new TreeSet<>();
        try (var listed = Files.list(Path.of("certs-tools/profiles"))) {
            listed.forEach(file -> files.add(file.getFileName().toString()));
        }
        assertThat(files).hasSize(ProfileKind.values().length);
        for (ProfileKind kind : ProfileKind.values()) {
            assertThat(Files.readString(Path.of("certs-tools/profiles", kind.word() + ".yaml")))
                    .isEqualTo(ProfileBook.builtInText(kind.word()));
        }
    }

    /** The extension table: of each profile, its extensions and no other, with their criticality. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "DEVICE,        'basic! usage! purpose aki san',        1.3.6.1.5.5.7.3.2",
        "IDEVID,        'basic! usage! purpose aki san',        1.3.6.1.5.5.7.3.2",
        "ADMINISTRATOR, 'basic! usage! purpose aki san',        1.3.6.1.5.5.7.3.2",
        "SERVER,        'basic! usage! purpose aki ski san',    1.3.6.1.5.5.7.3.1",
        "NODE,          'basic! usage! purpose aki ski san',    1.3.6.1.5.5.7.3.1 1.3.6.1.5.5.7.3.2",
        "OCSP_DEVICE,   'basic! usage! purpose! aki ski nocheck', 1.3.6.1.5.5.7.3.9",
        "OCSP_SERVER,   'basic! usage! purpose! aki ski nocheck', 1.3.6.1.5.5.7.3.9"
    })
    void certificate_hasTheExtensionsOfItsProfile(Profile profile, String extensions, String purposes)
            throws Exception {
        try (Authority authority = create()) {
            X509Certificate certificate = issue(authority, profile, null).certificate();
            assertThat(described(certificate)).isEqualTo(new TreeSet<>(List.of(extensions.split(" "))));
            assertThat(certificate.getExtendedKeyUsage()).containsExactly(purposes.split(" "));
            assertThat(certificate.getBasicConstraints()).isEqualTo(-1);
            assertThat(certificate.getKeyUsage())
                    .isEqualTo(new boolean[] {true, false, false, false, false, false, false, false, false});
            Instant start = certificate.getNotBefore().toInstant();
            assertThat(Duration.between(start, Instant.now()))
                    .isBetween(Duration.ofMinutes(59), Duration.ofMinutes(70));
            boolean signedByServers = certificate
                    .getIssuerX500Principal()
                    .equals(authority.serverIssuer().getSubjectX500Principal());
            assertThat(signedByServers).isEqualTo(profile.isServer());
        }
    }

    private static Set<String> described(X509Certificate certificate) {
        Set<String> all = new TreeSet<>();
        certificate.getCriticalExtensionOIDs().forEach(oid -> all.add(name(oid) + "!"));
        certificate.getNonCriticalExtensionOIDs().forEach(oid -> all.add(name(oid)));
        return all;
    }

    private static String name(String oid) {
        return switch (oid) {
            case "2.5.29.19" -> "basic";
            case "2.5.29.15" -> "usage";
            case "2.5.29.37" -> "purpose";
            case "2.5.29.35" -> "aki";
            case "2.5.29.14" -> "ski";
            case "2.5.29.17" -> "san";
            case "1.3.6.1.5.5.7.48.1.5" -> "nocheck";
            default -> oid;
        };
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(
            value = KeyKind.class,
            names = {"P256", "P384", "RSA2048", "ED25519"})
    void key_belongsToItsCertificate_andToNoOther(KeyKind kind) throws Exception {
        java.security.KeyPair pair = kind.generate(new java.security.SecureRandom());
        java.security.PublicKey read = java.security.KeyFactory.getInstance(
                        pair.getPublic().getAlgorithm())
                .generatePublic(new java.security.spec.X509EncodedKeySpec(
                        pair.getPublic().getEncoded())); // as a certificate has it that was read
        assertThat(KeyKind.belong(pair.getPrivate(), read)).isTrue();
        assertThat(KeyKind.belong(
                        KeyKind.P256.generate(new java.security.SecureRandom()).getPrivate(), read))
                .isFalse();
    }

    @Test
    void factoryCertificate_hasNoEnd_andNoOtherHasNone() throws Exception {
        try (Authority authority = create()) {
            assertThat(issue(authority, Profile.IDEVID, null)
                            .certificate()
                            .getNotAfter()
                            .toInstant())
                    .isEqualTo(Instant.parse("9999-12-31T23:59:59Z"));
            for (Profile profile : Profile.values()) {
                if (profile != Profile.IDEVID) {
                    assertThatThrownBy(() -> authority.issue(
                                    profile,
                                    "x",
                                    profile.hasHostNames() ? List.of("localhost") : List.of(),
                                    List.of(),
                                    ProfileSettings.WITHOUT_END))
                            .as(profile.word())
                            .isInstanceOf(PkiProblem.class)
                            .hasMessageContaining("without an end");
                }
            }
        }
    }

    @Test
    void authoritysOwnProfile_takesThePlaceOfTheBuiltInOne() throws Exception {
        try (Authority authority = create()) {
            assertThat(authority.validityOf(Profile.DEVICE)).isEqualTo(Duration.ofDays(397));
        }
        Path own = Files.createDirectory(temp.resolve("pki/profiles"));
        Files.writeString(
                own.resolve("device.yaml"),
                ProfileBook.builtInText("device")
                        .replace("default: 397d", "default: 90d")
                        .replace("[p256, p384, rsa3072, rsa4096]", "[p256, rsa2048, ed25519]")
                        .replace("uri\n", "uri\n  crl_urls: [\"http://pki.example/device.crl\"]\n"));
        try (Authority authority = Authority.open(temp.resolve("pki"), PASSPHRASE, Clock.systemUTC())) {
            assertThat(authority.validityOf(Profile.DEVICE)).isEqualTo(Duration.ofDays(90));
            X509Certificate device = issue(authority, Profile.DEVICE, null).certificate();
            assertThat(described(device)).contains("2.5.29.31");
            assertThat(issue(authority, Profile.DEVICE, KeyKind.ED25519)
                            .certificate()
                            .getPublicKey()
                            .getAlgorithm())
                    .matches("Ed(25519|DSA)");
            assertThatThrownBy(() -> issue(authority, Profile.DEVICE, KeyKind.P384))
                    .hasMessageContaining("certifies p256, rsa2048, ed25519");
        }
    }

    @ParameterizedTest(name = "{0}: {2}")
    @CsvSource({
        "device, 'clientAuth', 'serverAuth', has extended_key_usage",
        "device, 'ca: false', 'ca: true', has basic_constraints",
        "device, 'issued_by: device', 'issued_by: server', is issued_by: device",
        "device, 'default: 397d', 'default: none', validity",
        "device, 'digitalSignature', 'keyCertSign', has key_usage",
        "device, 'profile: device', 'profile: server', 'profile server'",
        "device, 'version: 1', 'version: 2', version: 1",
        "device, 'accepts', 'acepts', 'Did you mean \"accepts\"'",
        "device, 'key: p256', 'key: p257', 'not a kind of key'",
        "device, 'key: p256', 'key: ed25519', 'accepts the kind of key'",
        "server, 'rsa4096', 'rsa2048', 'below 3072'",
        "server, '397d, backdate', 'soon, backdate', 'not a time'",
        "ocsp-device, 'ocsp_no_check: true', 'ocsp_no_check: false', 'has ocsp_no_check: true'",
        "issuing, 'path_length: 0', 'path_length: 1', 'path_length: 0'",
        "root, 'subject_key_identifier: true', 'subject_key_identifier: perhaps', 'true or false'"
    })
    void profile_thatIsNotOne_isRefusedWithItsPlace(String name, String from, String to, String why) throws Exception {
        try (Authority authority = create()) {
            assertThat(authority.profiles()).isSameAs(ProfileBook.builtIn());
        }
        Path own = Files.createDirectory(temp.resolve("pki/profiles"));
        Files.writeString(
                own.resolve(name + ".yaml"), ProfileBook.builtInText(name).replace(from, to));
        assertThatThrownBy(() -> Authority.open(temp.resolve("pki"), PASSPHRASE, Clock.systemUTC()))
                .isInstanceOf(PkiProblem.class)
                .hasMessageContaining(why)
                .hasMessageMatching("(?s).*" + name + "\\.yaml:[0-9]+:[0-9]+: .*");
    }

    @ParameterizedTest
    @EnumSource(
            value = KeyKind.class,
            names = {"P256", "P384", "RSA3072"})
    void importedRoot_standsAboveTheNewAuthorities_andItsKeyIsNotKept(KeyKind kind) throws Exception {
        Path key = temp.resolve("root.key");
        Path certificate = temp.resolve("root.pem");
        String algorithm = kind == KeyKind.RSA3072
                ? "rsa_keygen_bits:3072"
                : "ec_paramgen_curve:" + (kind == KeyKind.P256 ? "P-256" : "P-384");
        OpenSsl.Answer made = OpenSsl.run(
                "req",
                "-x509",
                "-newkey",
                kind == KeyKind.RSA3072 ? "rsa" : "ec",
                "-pkeyopt",
                algorithm,
                "-nodes",
                "-keyout",
                key,
                "-out",
                certificate,
                "-days",
                "3000",
                "-subj",
                "/O=Acme/CN=Acme Root",
                "-addext",
                "keyUsage=critical,keyCertSign,cRLSign");
        assertThat(made.exitCode()).as(made.text()).isZero();
        AuthorityOptions options = AuthorityOptions.of("Acme").withRoot(ImportedRoot.of(certificate, key, new char[0]));
        try (Authority authority = Authority.create(temp.resolve("pki"), options, PASSPHRASE, Clock.systemUTC())) {
            assertThat(temp.resolve("pki/ca/root.key")).doesNotExist();
            Issued device = issue(authority, Profile.DEVICE, null);
            device.writeTo(temp.resolve("out"));
            OpenSsl.Answer answer = OpenSsl.run(
                    "verify",
                    "-x509_strict",
                    "-purpose",
                    "sslclient",
                    "-CAfile",
                    certificate,
                    "-untrusted",
                    temp.resolve("out/cert.pem"),
                    temp.resolve("out/cert.pem"));
            assertThat(answer.exitCode()).as(answer.text()).isZero();
        }
    }

    @Test
    void importedRoot_thatIsNoAuthorityOrNotItsKey_isRefused() throws Exception {
        for (String name : List.of("one", "two")) {
            OpenSsl.run(
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                    "-nodes",
                    "-keyout",
                    temp.resolve(name + ".key"),
                    "-out",
                    temp.resolve(name + ".pem"),
                    "-days",
                    "30",
                    "-subj",
                    "/CN=" + name);
        }
        OpenSsl.run(
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                temp.resolve("leaf.key"),
                "-out",
                temp.resolve("leaf.pem"),
                "-days",
                "30",
                "-subj",
                "/CN=leaf",
                "-addext",
                "basicConstraints=critical,CA:FALSE");
        assertThatThrownBy(() -> importing("one", "two")).hasMessageContaining("not that of the root");
        assertThatThrownBy(() -> importing("leaf", "leaf")).hasMessageContaining("is no authority");
        assertThat(temp.resolve("pki/ca/device.key")).doesNotExist();
    }

    private void importing(String certificate, String key) throws PkiProblem {
        AuthorityOptions options = AuthorityOptions.of("Acme")
                .withRoot(ImportedRoot.of(temp.resolve(certificate + ".pem"), temp.resolve(key + ".key"), new char[0]));
        Authority.create(temp.resolve("pki"), options, PASSPHRASE, Clock.systemUTC())
                .close();
    }

    @Test
    void ed25519Key_isWrittenAsOlderReadersTakeIt() throws Exception {
        byte[] pem = Pem.of(
                KeyKind.ED25519.generate(new java.security.SecureRandom()).getPrivate());
        Path file = Files.write(temp.resolve("key.pem"), pem);
        assertThat(OpenSsl.run("pkey", "-in", file, "-noout").exitCode()).isZero();
        assertThat(new String(pem, StandardCharsets.US_ASCII)).hasLineCount(3);
    }
}
