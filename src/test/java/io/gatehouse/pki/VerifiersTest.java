package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every profile and kind of key, judged by verifiers that are not ours: openssl strictly, GnuTLS, Java's PKIX, mbedTLS, and by our
 * own lint; and each authority's revocation list.
 */
class VerifiersTest {
    private static final char[] PASSPHRASE = "correct horse battery".toCharArray();

    @TempDir
    Path temp;

    private record Answer(int code, String text) {}

    @ParameterizedTest
    @EnumSource(
            value = KeyKind.class,
            names = {"P256", "P384", "RSA3072", "RSA4096"})
    void everyProfile_isAcceptedByEveryVerifier(KeyKind kind) throws Exception {
        Optional<Path> mbedTls = mbedTls();
        boolean gnuTls = found("certtool", "--version");
        AuthorityOptions options = AuthorityOptions.of("Greenhouses").withKeys(kind);
        try (Authority authority = Authority.create(temp.resolve("pki"), options, PASSPHRASE, Clock.systemUTC())) {
            authority.publishRevocations(Duration.ofDays(7));
            for (Profile profile : Profile.values()) {
                if (!profile.settings(ProfileBook.builtIn()).accepts().contains(kind)) {
                    continue;
                }
                Issued issued = ProfilesTest.issue(authority, profile, kind);
                Path out = temp.resolve("out-" + profile.word());
                issued.writeTo(out);
                String name = kind.word() + " " + profile.word();
                openssl(authority, profile, out, name);
                pkix(authority, issued, name);
                assertThat(Lint.of(issued.certificate())).as(name).isEmpty();
                if (gnuTls) {
                    gnuTls(authority, profile, out, name);
                }
                if (mbedTls.isPresent()) {
                    mbedTls(mbedTls.get(), authority, profile, out, name);
                }
            }
            assertThat(Lint.of(authority.root())).isEmpty();
            assertThat(Lint.of(authority.deviceIssuer())).isEmpty();
            assertThat(Lint.of(authority.serverIssuer())).isEmpty();
        }
        if (!gnuTls || mbedTls.isEmpty()) {
            String missing = "not asked: " + (gnuTls ? "" : "GnuTLS (gnutls-bin) ")
                    + (mbedTls.isPresent() ? "" : "mbedTLS (libmbedtls-dev, gcc)");
            assertThat(Boolean.getBoolean("gatehouse.ci")).as(missing).isFalse();
            Assumptions.abort(missing);
        }
    }

    /** What a profile of one's own takes besides: mbedTLS alone does not read Ed25519, as the documents warn. */
    @ParameterizedTest
    @EnumSource(
            value = KeyKind.class,
            names = {"RSA2048", "ED25519"})
    void device_ofAKindThatItsOwnProfileTakes_isAcceptedByThoseWhoReadIt(KeyKind kind) throws Exception {
        AuthorityOptions options = AuthorityOptions.of("Greenhouses");
        Authority.create(temp.resolve("pki"), options, PASSPHRASE, Clock.systemUTC())
                .close();
        Files.createDirectories(temp.resolve("pki/profiles"));
        Files.writeString(
                temp.resolve("pki/profiles/device.yaml"),
                ProfileBook.builtInText("device")
                        .replace("[p256, p384, rsa3072, rsa4096]", "[p256, rsa2048, ed25519]"));
        try (Authority authority = Authority.open(temp.resolve("pki"), PASSPHRASE, Clock.systemUTC())) {
            authority.publishRevocations(Duration.ofDays(7));
            Issued issued = ProfilesTest.issue(authority, Profile.DEVICE, kind);
            Path out = temp.resolve("out");
            issued.writeTo(out);
            openssl(authority, Profile.DEVICE, out, kind.word());
            pkix(authority, issued, kind.word());
            assertThat(Lint.of(issued.certificate())).isEmpty();
            if (found("certtool", "--version")) {
                gnuTls(authority, Profile.DEVICE, out, kind.word());
            }
            Optional<Path> mbedTls = mbedTls();
            if (mbedTls.isPresent() && kind != KeyKind.ED25519) {
                mbedTls(mbedTls.get(), authority, Profile.DEVICE, out, kind.word());
            }
        }
    }

    /** Answers of openssl's responder, from the journal's index and by the signers made for it; judged by openssl, GnuTLS and us. */
    @ParameterizedTest
    @EnumSource(
            value = KeyKind.class,
            names = {"P256", "P384", "RSA3072"})
    void ocspAnswers_ofBothAuthorities_areAcceptedByEveryVerifier(KeyKind kind) throws Exception {
        AuthorityOptions options = AuthorityOptions.of("Greenhouses").withKeys(kind);
        try (Authority authority = Authority.create(temp.resolve("pki"), options, PASSPHRASE, Clock.systemUTC())) {
            KeyKind signs = kind == KeyKind.RSA3072 ? KeyKind.P256 : kind; // responders have no RSA keys
            for (boolean servers : new boolean[] {false, true}) {
                Profile profile = servers ? Profile.SERVER : Profile.DEVICE;
                Issued good = ProfilesTest.issue(authority, profile, KeyKind.P256); // the key that signs nothing here
                Issued revoked = ProfilesTest.issue(authority, profile, KeyKind.P256);
                authority.revoke(
                        List.of(authority
                                .inventory()
                                .bySerial(revoked.certificate().getSerialNumber())
                                .orElseThrow()),
                        RevocationReason.KEY_COMPROMISE);
                Path responder = temp.resolve("responder-" + servers);
                ProfilesTest.issue(authority, servers ? Profile.OCSP_SERVER : Profile.OCSP_DEVICE, signs)
                        .writeTo(responder);
                Path index = Files.write(
                        temp.resolve("index.txt"),
                        authority.inventory().items().stream()
                                .map(OcspIndex::line)
                                .toList());
                answer(authority, good, responder, index, "good", OcspQuery.Status.GOOD);
                answer(authority, revoked, responder, index, "revoked", OcspQuery.Status.REVOKED);
            }
        }
    }

    private void answer(
            Authority authority, Issued about, Path responder, Path index, String word, OcspQuery.Status status)
            throws Exception {
        Path issuer = authority.folder().certificateOf(about.profile().isServer() ? "server" : "device");
        Path leaf = Files.writeString(temp.resolve("leaf.pem"), Pem.of(about.certificate()));
        OcspQuery query = OcspQuery.about(about.certificate(), about.issuer());
        Path request = Files.write(temp.resolve("request.der"), query.encoded());
        Path response = temp.resolve("response.der");
        Path signer = responder.resolve("cert.pem");
        OpenSsl.Answer made = OpenSsl.run(
                "ocsp",
                "-index",
                index,
                "-CA",
                issuer,
                "-rsigner",
                signer,
                "-rkey",
                responder.resolve("key.pem"),
                "-reqin",
                request,
                "-respout",
                response,
                "-ndays",
                "1");
        assertThat(made.exitCode()).as(made.text()).isZero();
        OpenSsl.Answer judged = OpenSsl.run(
                "ocsp",
                "-respin",
                response,
                "-no_nonce", // our own reader holds it to the request
                "-issuer",
                issuer,
                "-cert",
                leaf,
                "-CAfile",
                authority.folder().trustedRoot(),
                "-verify_other",
                issuer);
        assertThat(judged.text()).contains("Response verify OK");
        assertThat(made.text() + judged.text()).contains(leaf + ": " + word);
        assertThat(query.read(Files.readAllBytes(response), Clock.systemUTC().instant())
                        .status())
                .isEqualTo(status);
        if (found("ocsptool", "--version")) {
            Answer gnuTls = run(List.of(
                    "ocsptool",
                    "--verify-response",
                    "--load-response",
                    response.toString(),
                    "--load-trust",
                    issuer.toString()));
            assertThat(gnuTls.text()).contains("Verifying OCSP Response: Success");
        }
    }

    /** Each of them does look at the list: the same chain is refused after the revocation. */
    @Test
    void revoked_isRefusedByEveryVerifier() throws Exception {
        try (Authority authority = Authority.create(
                temp.resolve("pki"), AuthorityOptions.of("Greenhouses"), PASSPHRASE, Clock.systemUTC())) {
            Issued issued = ProfilesTest.issue(authority, Profile.DEVICE, KeyKind.P256);
            Path out = temp.resolve("out");
            issued.writeTo(out);
            authority.revoke(authority.inventory().byId(issued.id()), RevocationReason.KEY_COMPROMISE);
            authority.publishRevocations(Duration.ofDays(7));
            assertThatThrownBy(() -> openssl(authority, Profile.DEVICE, out, "revoked"))
                    .hasMessageContaining("certificate revoked");
            assertThatThrownBy(() -> pkix(authority, issued, "revoked")).hasMessageContaining("revoked");
            if (found("certtool", "--version")) {
                assertThatThrownBy(() -> gnuTls(authority, Profile.DEVICE, out, "revoked"))
                        .hasMessageContaining("revoked");
            }
            Optional<Path> mbedTls = mbedTls();
            if (mbedTls.isPresent()) {
                assertThatThrownBy(() -> mbedTls(mbedTls.get(), authority, Profile.DEVICE, out, "revoked"))
                        .hasMessageContaining("revoked");
            }
        }
    }

    private static String purpose(Profile profile) {
        return profile.isClient() ? "sslclient" : profile.hasHostNames() ? "sslserver" : "ocsphelper";
    }

    private void openssl(Authority authority, Profile profile, Path out, String name) throws Exception {
        Path list = authority.folder().revocationListPem(profile.isServer() ? "server" : "device");
        OpenSsl.Answer answer = OpenSsl.run(
                "verify",
                "-x509_strict",
                "-purpose",
                purpose(profile),
                "-CAfile",
                out.resolve("ca.pem"),
                "-CRLfile",
                list,
                "-crl_check",
                "-untrusted",
                out.resolve("cert.pem"),
                out.resolve("cert.pem"));
        assertThat(answer.exitCode()).as(name + ": " + answer.text()).isZero();
    }

    private void gnuTls(Authority authority, Profile profile, Path out, String name) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "certtool",
                "--verify",
                "--load-ca-certificate",
                out.resolve("ca.pem").toString(),
                "--load-crl",
                authority
                        .folder()
                        .revocationListPem(profile.isServer() ? "server" : "device")
                        .toString(),
                "--infile",
                out.resolve("cert.pem").toString()));
        if (profile.isClient() || profile.hasHostNames()) {
            command.add("--verify-purpose");
            command.add(profile.isClient() ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1");
        }
        Answer answer = run(command);
        assertThat(answer.code()).as(name + ": " + answer.text()).isZero();
        assertThat(answer.text()).as(name).contains("Verified.");
    }

    private static void mbedTls(Path program, Authority authority, Profile profile, Path out, String name)
            throws Exception {
        Answer answer = run(List.of(
                program.toString(),
                out.resolve("ca.pem").toString(),
                out.resolve("cert.pem").toString(),
                profile.isClient() ? "client" : profile.hasHostNames() ? "server" : "none",
                authority
                        .folder()
                        .revocationListPem(profile.isServer() ? "server" : "device")
                        .toString()));
        assertThat(answer.code()).as(name + ": " + answer.text()).isZero();
    }

    private static void pkix(Authority authority, Issued issued, String name) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        CertPath path = factory.generateCertPath(List.of(issued.certificate(), issued.issuer()));
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(authority.root(), null)));
        parameters.setRevocationEnabled(false);
        assertThat(CertPathValidator.getInstance("PKIX").validate(path, parameters))
                .as(name)
                .isNotNull();
        // below the issuing authority as the anchor, with its list
        String kind = issued.profile().isServer() ? "server" : "device";
        X509CRL list;
        try (var in = Files.newInputStream(authority.folder().revocationList(kind))) {
            list = (X509CRL) factory.generateCRL(in);
        }
        PKIXParameters checked = new PKIXParameters(Set.of(new TrustAnchor(issued.issuer(), null)));
        checked.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(List.of(list))));
        assertThat(CertPathValidator.getInstance("PKIX")
                        .validate(factory.generateCertPath(List.of(issued.certificate())), checked))
                .as(name)
                .isNotNull();
    }

    /** The program of ours around mbedTLS, compiled where its library and a compiler are. */
    private Optional<Path> mbedTls() throws Exception {
        Path program = temp.resolve("mbedtls-verify");
        if (!found("gcc", "--version")) {
            return Optional.empty();
        }
        Answer compiled = run(List.of(
                "gcc",
                "-o",
                program.toString(),
                "src/test/resources/verifiers/mbedtls-verify.c",
                "-lmbedtls",
                "-lmbedx509",
                "-lmbedcrypto"));
        return compiled.code() == 0 ? Optional.of(program) : Optional.empty();
    }

    private static boolean found(String... command) throws InterruptedException {
        try {
            return run(List.of(command)).code() == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    private static Answer run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Answer(process.waitFor(), text);
    }
}
