package io.gatehouse.pki;

import static io.gatehouse.pki.TestAuthority.PASSPHRASE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.gatehouse.authn.MutableClock;
import io.gatehouse.pki.EnrolmentAnswer.Granted;
import io.gatehouse.pki.EnrolmentAnswer.Refused;
import io.gatehouse.pki.Inventory.State;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnrolmentTest {

    /** Made once: a key costs half a second to encrypt. */
    @TempDir
    private static Path template;

    @TempDir
    private Path temp;

    private Path pki = Path.of("");
    private final MutableClock clock = new MutableClock();

    private Enrolment enrolment;

    @BeforeAll
    static void makeTemplate() throws Exception {
        TestAuthority.make(template.resolve("pki"));
        TestAuthority.make(template.resolve("elsewhere"));
    }

    @BeforeEach
    void open() throws Exception {
        pki = copy("pki");
        enrolment = enrolment(EnrolmentRules.DEFAULT);
    }

    @AfterEach
    void close() {
        enrolment.close();
    }

    private Path copy(String name) throws Exception {
        return TestAuthority.copy(template.resolve(name), temp.resolve(name));
    }

    private Enrolment enrolment(EnrolmentRules rules) throws Exception {
        return Enrolment.open(pki, PASSPHRASE, rules, Optional.empty(), clock);
    }

    private String token(String id) throws Exception {
        try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) {
            return authority.token(id, Duration.ofDays(7));
        }
    }

    private static X509Certificate granted(EnrolmentAnswer answer) {
        assertThat(answer).isInstanceOf(Granted.class);
        return ((Granted) answer).certificate();
    }

    private static void refused(EnrolmentAnswer answer, EnrolmentFault fault) {
        assertThat(answer)
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused ->
                                assertThat(refused.fault()).as(refused.detail()).isEqualTo(fault));
    }

    private State state(X509Certificate certificate) throws Exception {
        return Authority.view(pki)
                .bySerial(certificate.getSerialNumber())
                .orElseThrow()
                .state(clock.instant());
    }

    private long certificates() throws Exception {
        return Authority.view(pki).items().size();
    }

    /** Enrols a device and logs it in. */
    private X509Certificate enrolled(TestRequest request, String id) throws Exception {
        X509Certificate certificate = granted(enrolment.enrol(id, token(id), request.der()));
        assertThat(enrolment.loggedIn(certificate.getSerialNumber())).isTrue();
        return certificate;
    }

    @Test
    void enrol_withItsToken_yieldsAPendingCertificateForTheDevice_whileCommandsGoOn() throws Exception {
        String token = token("pump-7"); // made by another holder of the lock, after the enrolment was opened
        X509Certificate certificate = granted(
                enrolment.enrol("pump-7", token, TestRequest.of("pump-7").der()));

        assertThat(certificate.getSubjectX500Principal().getName()).contains("CN=pump-7");
        assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
        assertThat(Duration.between(clock.instant(), certificate.getNotAfter().toInstant()))
                .isEqualTo(Duration.ofDays(90));
        assertThat(state(certificate)).isEqualTo(State.PENDING);
        try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) {
            assertThat(authority.issueDevice("other", Duration.ofDays(1))).isNotNull();
        }
    }

    @Test
    void enrol_theSameRequestAgain_yieldsTheSameCertificate() throws Exception {
        String token = token("pump-7");
        byte[] csr = TestRequest.of("pump-7").der();
        X509Certificate first = granted(enrolment.enrol("pump-7", token, csr));
        clock.advance(Duration.ofHours(1)); // pending: however late

        assertThat(granted(enrolment.enrol("pump-7", token, csr))).isEqualTo(first);
        assertThat(certificates()).isOne();

        enrolment.loggedIn(first.getSerialNumber());
        refused(enrolment.enrol("pump-7", token, csr), EnrolmentFault.TOKEN_REFUSED);
    }

    @Test
    void enrol_withATokenThatIsNotGood_isRefusedInTheSameWords_andNothingIsIssued() throws Exception {
        String token = token("pump-7");
        byte[] csr = TestRequest.of("pump-7").der();
        String ofAnother = token("pump-8");
        String old = token("pump-7");
        List<EnrolmentAnswer> answers = new ArrayList<>();
        answers.add(enrolment.enrol("pump-7", "0".repeat(26), csr));
        answers.add(enrolment.enrol("pump-7", ofAnother, csr));
        answers.add(enrolment.enrol("pump-9", token, TestRequest.of("pump-9").der()));
        X509Certificate first = granted(enrolment.enrol("pump-7", token, csr));
        answers.add(enrolment.enrol("pump-7", token, TestRequest.of("pump-7").der())); // used, another key
        clock.advance(Duration.ofDays(8));
        answers.add(enrolment.enrol("pump-7", old, TestRequest.of("pump-7").der())); // too old

        assertThat(answers).allSatisfy(answer -> refused(answer, EnrolmentFault.TOKEN_REFUSED));
        assertThat(answers)
                .extracting(answer -> ((Refused) answer).detail())
                .containsOnly("not a token of this device");
        assertThat(certificates()).isOne();
        assertThat(first).isNotNull();
    }

    @Test
    void enrol_withATokenThatWasTakenBack_isRefused() throws Exception {
        String token = token("pump-7");
        try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) {
            assertThat(authority.revokeTokens("pump-7")).isOne();
        }
        refused(enrolment.enrol("pump-7", token, TestRequest.of("pump-7").der()), EnrolmentFault.TOKEN_REFUSED);
    }

    @Test
    void enrol_withARequestThatIsNotGood_isRefused_andTheTokenIsGoodForTheNext() throws Exception {
        String token = token("pump-7");
        TestRequest taken = TestRequest.of("pump-8");
        enrolled(taken, "pump-8");

        refused(enrolment.enrol("pump-7", token, new byte[] {0x30, 0x00}), EnrolmentFault.CSR_MALFORMED);
        refused(
                enrolment.enrol("pump-7", token, "hello".getBytes(java.nio.charset.StandardCharsets.US_ASCII)),
                EnrolmentFault.CSR_MALFORMED);
        refused(enrolment.enrol("pump-7", token, TestRequest.of("pump-7").unproven()), EnrolmentFault.CSR_UNPROVEN);
        refused(enrolment.enrol("pump-7", token, TestRequest.of("pump-9").der()), EnrolmentFault.NAME_MISMATCH);
        refused(
                enrolment.enrol(
                        "pump-7",
                        token,
                        TestRequest.of("pump-7")
                                .withName(GeneralName.uniformResourceIdentifier, "urn:gatehouse:device:pump-9")
                                .der()),
                EnrolmentFault.NAME_MISMATCH);
        refused(
                enrolment.enrol(
                        "pump-7",
                        token,
                        TestRequest.of("pump-7")
                                .withName(GeneralName.dNSName, "mqtt.example.com")
                                .der()),
                EnrolmentFault.NAME_MISMATCH);
        refused(enrolment.enrol("pump-7", token, TestRequest.rsa("pump-7", 2048).der()), EnrolmentFault.KEY_WEAK);
        refused(enrolment.enrol("pump-7", token, taken.as("pump-7").der()), EnrolmentFault.KEY_TAKEN);
        assertThat(certificates()).isOne();

        granted(enrolment.enrol(
                "pump-7",
                token,
                TestRequest.of("") // empty: filled in
                        .withName(GeneralName.uniformResourceIdentifier, "urn:gatehouse:device:pump-7")
                        .der()));
    }

    @Test
    void request_cutShortOrFlippedAnywhere_isRefusedInWordsOnly() throws Exception {
        byte[] good = TestRequest.of("pump-7")
                .withName(GeneralName.uniformResourceIdentifier, "urn:gatehouse:device:pump-7")
                .der();
        for (int i = 0; i < good.length; i++) {
            byte[] cut = java.util.Arrays.copyOf(good, i);
            assertThatThrownBy(() -> Csr.parse("it", cut)).isInstanceOf(PkiProblem.class);
            byte[] flipped = good.clone();
            flipped[i] ^= 0x41;
            try { // what is not signed may be flipped: how a length is written, say
                assertThat(Csr.parse("it", flipped).namesNobodyBut("pump-7", "urn:gatehouse:device:pump-7"))
                        .isTrue();
            } catch (PkiProblem refused) {
                assertThat(refused).hasMessageStartingWith("it: ");
            }
        }
    }

    @Test
    void enrol_askingForAnAuthoritysRights_getsADevicesCertificate_andIsToldWhatWasDropped() throws Exception {
        EnrolmentAnswer answer = enrolment.enrol(
                "pump-7",
                token("pump-7"),
                TestRequest.of("pump-7")
                        .with(Extension.basicConstraints, new BasicConstraints(true))
                        .with(Extension.extendedKeyUsage, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth))
                        .der());

        X509Certificate certificate = granted(answer);
        assertThat(certificate.getBasicConstraints()).isNegative();
        assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
        assertThat(((Granted) answer).dropped()).contains("extension basicConstraints", "extension extendedKeyUsage");
    }

    @Test
    void enrol_afterACrashBetweenTokenAndSignature_isAnsweredForThatKeyOnly() throws Exception {
        String token = token("pump-7");
        TestRequest request = TestRequest.of("pump-7");
        try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) { // all that a killed process leaves
            authority.consume(
                    authority.inventory().token("pump-7", Journal.hash(token)).orElseThrow(),
                    Authority.keyHash(request.pair().getPublic()));
        }
        refused(enrolment.enrol("pump-7", token, TestRequest.of("pump-7").der()), EnrolmentFault.TOKEN_REFUSED);
        granted(enrolment.enrol("pump-7", token, request.der()));
        assertThat(certificates()).isOne();
    }

    @Test
    void enrol_twoAtOnceWithOneToken_yieldsOneCertificate() throws Exception {
        String token = token("pump-7");
        List<Callable<EnrolmentAnswer>> tries = new ArrayList<>();
        try (Enrolment other = enrolment(EnrolmentRules.DEFAULT)) { // another process, as far as the lock knows
            for (int i = 0; i < 8; i++) {
                byte[] csr = TestRequest.of("pump-7").der();
                Enrolment one = i % 2 == 0 ? enrolment : other;
                tries.add(() -> one.enrol("pump-7", token, csr));
            }
            var pool = Executors.newFixedThreadPool(8);
            try {
                int good = 0;
                for (var answer : pool.invokeAll(tries)) {
                    good += answer.get() instanceof Granted ? 1 : 0;
                }
                assertThat(good).isOne();
            } finally {
                pool.shutdownNow();
            }
        }
        assertThat(certificates()).isOne();
    }

    @Test
    void renew_fromTheMiddleOfItsLife_yieldsTheNext_andTheOldOneEndsAfterTheFirstLogin() throws Exception {
        X509Certificate old = enrolled(TestRequest.of("pump-7"), "pump-7");
        byte[] csr = TestRequest.of("pump-7").der();
        refused(enrolment.renew(old, csr), EnrolmentFault.TOO_EARLY);

        clock.advance(Duration.ofDays(46));
        X509Certificate fresh = granted(enrolment.renew(old, csr));
        assertThat(granted(enrolment.renew(old, csr))).isEqualTo(fresh); // the reply was lost
        assertThat(state(old)).isEqualTo(State.ACTIVE);
        assertThat(state(fresh)).isEqualTo(State.PENDING);

        assertThat(enrolment.loggedIn(fresh.getSerialNumber())).isTrue();
        assertThat(enrolment.loggedIn(fresh.getSerialNumber())).isFalse();
        assertThat(state(fresh)).isEqualTo(State.ACTIVE);
        assertThat(state(old)).isEqualTo(State.SUPERSEDED);
        refused(enrolment.renew(old, TestRequest.of("pump-7").der()), EnrolmentFault.CERT_SUPERSEDED);

        clock.advance(Duration.ofHours(23));
        assertThat(enrolment.sweep()).isEmpty();
        clock.advance(Duration.ofHours(2));
        assertThat(enrolment.sweep()).extracting(Inventory.Item::serial).containsExactly(old.getSerialNumber());
        assertThat(state(old)).isEqualTo(State.REVOKED);
        assertThat(state(fresh)).isEqualTo(State.ACTIVE);
        assertThat(OpenSsl.run("crl", "-inform", "DER", "-in", pki.resolve("crl/device.crl"), "-noout", "-text")
                        .text())
                .containsIgnoringCase(old.getSerialNumber().toString(16));
    }

    @Test
    void sweep_ofACertificateThatWasNeverUsed_revokesItAfterAWeek_andTheOldOneStays() throws Exception {
        X509Certificate old = enrolled(TestRequest.of("pump-7"), "pump-7");
        clock.advance(Duration.ofDays(46));
        X509Certificate lost =
                granted(enrolment.renew(old, TestRequest.of("pump-7").der()));
        clock.advance(Duration.ofDays(7).plusSeconds(1));

        assertThat(enrolment.sweep()).hasSize(1);
        assertThat(state(lost)).isEqualTo(State.REVOKED);
        assertThat(state(old)).isEqualTo(State.ACTIVE);
        assertThat(enrolment.loggedIn(lost.getSerialNumber())).isFalse();
        granted(enrolment.renew(old, TestRequest.of("pump-7").der()));
    }

    private boolean isListed(X509Certificate certificate) throws Exception {
        try (var in = Files.newInputStream(pki.resolve("crl/device.crl"))) {
            return ((java.security.cert.X509CRL) java.security.cert.CertificateFactory.getInstance("X.509")
                            .generateCRL(in))
                    .isRevoked(certificate);
        }
    }

    /** The list as of now, by the clock of this test; a sweep finds nothing to do. */
    private byte[] listOfNow() throws Exception {
        Path list = pki.resolve("crl/device.crl");
        Files.setLastModifiedTime(list, FileTime.from(clock.instant()));
        byte[] bytes = Files.readAllBytes(list);
        for (int i = 0; i < 2; i++) {
            assertThat(enrolment.sweep()).isEmpty();
            assertThat(list).hasBinaryContent(bytes);
        }
        return bytes;
    }

    @Test
    void sweep_afterOneThatCouldNotPublish_publishesWhatThatRevoked() throws Exception {
        X509Certificate lost = granted(enrolment.enrol(
                "pump-7", token("pump-7"), TestRequest.of("pump-7").der()));
        enrolment.sweep();
        byte[] before = listOfNow();
        clock.advance(Duration.ofDays(8));
        Path list = pki.resolve("crl/device.crl");
        Files.delete(list);
        Files.createDirectory(list); // nothing can be moved over it

        assertThatThrownBy(enrolment::sweep).isInstanceOf(PkiProblem.class).hasMessageContaining("cannot be written");
        assertThat(state(lost)).isEqualTo(State.REVOKED);
        Files.delete(list);
        Files.write(list, before);
        Files.setLastModifiedTime(list, FileTime.from(clock.instant()));
        assertThat(isListed(lost)).isFalse();

        assertThat(enrolment.sweep()).isEmpty();
        assertThat(isListed(lost)).isTrue();
        listOfNow();
    }

    @Test
    void sweep_afterAProcessDiedBeforeItPublished_publishesWhatThatRevoked() throws Exception {
        X509Certificate stolen = enrolled(TestRequest.of("pump-7"), "pump-7");
        enrolment.sweep();
        listOfNow();
        try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) { // all that a killed process leaves
            authority.revoke(authority.inventory().byId("pump-7"), RevocationReason.KEY_COMPROMISE);
        }
        assertThat(isListed(stolen)).isFalse();

        assertThat(enrolment.sweep()).isEmpty();
        assertThat(isListed(stolen)).isTrue();
        listOfNow();

        Files.writeString(pki.resolve("crl/device.crl"), "not a list");
        Files.setLastModifiedTime(
                pki.resolve("crl/device.crl"), FileTime.from(clock.instant().plusSeconds(1)));
        enrolment.sweep();
        assertThat(isListed(stolen)).isTrue();
    }

    @Test
    void renew_byWhatIsNotGood_isRefused() throws Exception {
        TestRequest request = TestRequest.of("pump-7");
        X509Certificate old = enrolled(request, "pump-7");
        TestRequest other = TestRequest.of("pump-8");
        enrolled(other, "pump-8");
        clock.advance(Duration.ofDays(50));

        refused(enrolment.renew(old, request.der()), EnrolmentFault.KEY_SAME);
        refused(enrolment.renew(old, TestRequest.of("pump-8").der()), EnrolmentFault.NAME_MISMATCH);
        refused(enrolment.renew(old, other.as("pump-7").der()), EnrolmentFault.KEY_TAKEN);
        refused(enrolment.renew(old, TestRequest.of("pump-7").unproven()), EnrolmentFault.CSR_UNPROVEN);
        X509Certificate server;
        try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) {
            server = authority
                    .issue(Profile.SERVER, "pump-7", List.of("localhost"), List.of(), Duration.ofDays(100))
                    .certificate();
        }
        refused(enrolment.renew(server, TestRequest.of("pump-7").der()), EnrolmentFault.CERT_UNKNOWN);
        try (Authority authority = Authority.open(copy("elsewhere"), PASSPHRASE, clock)) {
            X509Certificate foreign =
                    authority.issueDevice("pump-7", Duration.ofDays(100)).certificate();
            refused(enrolment.renew(foreign, TestRequest.of("pump-7").der()), EnrolmentFault.CERT_UNKNOWN);
        }
        try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) {
            authority.revoke(authority.inventory().byId("pump-8"), RevocationReason.KEY_COMPROMISE);
        }
        X509Certificate revoked = Renewal.certificate(
                new AuthorityFolder(pki), Authority.view(pki).byId("pump-8").get(0));
        refused(enrolment.renew(revoked, TestRequest.of("pump-8").der()), EnrolmentFault.CERT_REVOKED);
        refused(enrolment.enrol("pump-8", token("pump-8"), other.der()), EnrolmentFault.KEY_REVOKED);
        clock.advance(Duration.ofDays(41));
        refused(enrolment.renew(old, TestRequest.of("pump-7").der()), EnrolmentFault.CERT_EXPIRED);
    }

    @Test
    void renew_afterItsEndWithinTheGrace_andWithTheSameKeyWhereThatIsAllowed_isGranted() throws Exception {
        TestRequest request = TestRequest.of("pump-7");
        X509Certificate old = enrolled(request, "pump-7");
        clock.advance(Duration.ofDays(95));
        try (Enrolment lenient = enrolment(new EnrolmentRules(
                Duration.ofDays(90), Duration.ofDays(1), Duration.ofDays(7), Duration.ofDays(10), true, 600, 100))) {
            granted(lenient.renew(old, request.der()));
        }
    }

    @Test
    void renew_withTheRequestWhoseCertificateWasNeverUsed_isGrantedAgain() throws Exception {
        X509Certificate old = enrolled(TestRequest.of("pump-7"), "pump-7");
        clock.advance(Duration.ofDays(46));
        byte[] csr = TestRequest.of("pump-7").der();
        X509Certificate lost = granted(enrolment.renew(old, csr));
        clock.advance(Duration.ofDays(8)); // the device was away for longer than it may wait
        assertThat(enrolment.sweep()).extracting(Inventory.Item::serial).containsExactly(lost.getSerialNumber());

        X509Certificate next = granted(enrolment.renew(old, csr));
        assertThat(next).isNotEqualTo(lost);
        assertThat(next.getPublicKey()).isEqualTo(lost.getPublicKey());
        assertThat(enrolment.loggedIn(next.getSerialNumber())).isTrue();
        assertThat(state(lost)).isEqualTo(State.REVOKED);
        clock.advance(Duration.ofDays(46));
        refused(enrolment.renew(next, csr), EnrolmentFault.KEY_SAME); // now it was used
    }

    @Test
    void enrol_withTheKeyWhoseCertificateWasNeverUsed_takesANewToken() throws Exception {
        String token = token("pump-7");
        byte[] csr = TestRequest.of("pump-7").der();
        granted(enrolment.enrol("pump-7", token, csr));
        clock.advance(Duration.ofDays(8));
        assertThat(enrolment.sweep()).hasSize(1);

        refused(enrolment.enrol("pump-7", token, csr), EnrolmentFault.TOKEN_REFUSED);
        granted(enrolment.enrol("pump-7", token("pump-7"), csr));
    }

    @Test
    void keyOfAPendingCertificate_thatWasRevokedForAnotherReason_isNotCertifiedAgain() throws Exception {
        X509Certificate old = enrolled(TestRequest.of("pump-7"), "pump-7");
        clock.advance(Duration.ofDays(46));
        byte[] csr = TestRequest.of("pump-7").der();
        X509Certificate stolen = granted(enrolment.renew(old, csr));
        try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) {
            authority.revoke(
                    List.of(authority
                            .inventory()
                            .bySerial(stolen.getSerialNumber())
                            .orElseThrow()),
                    RevocationReason.KEY_COMPROMISE);
        }
        refused(enrolment.renew(old, csr), EnrolmentFault.KEY_SAME);
        refused(enrolment.enrol("pump-7", token("pump-7"), csr), EnrolmentFault.KEY_REVOKED);
    }

    @Test
    void renew_withTheSameKeyWhereThatIsAllowed_isGrantedForLife_butNotAfterTheKeyGotOut() throws Exception {
        TestRequest request = TestRequest.of("pump-7");
        X509Certificate current = enrolled(request, "pump-7");
        try (Enrolment lenient = enrolment(new EnrolmentRules(
                Duration.ofDays(90), Duration.ofDays(1), Duration.ofDays(7), Duration.ZERO, true, 600, 100))) {
            for (int i = 0; i < 3; i++) {
                clock.advance(Duration.ofDays(46));
                X509Certificate next = granted(lenient.renew(current, request.der()));
                assertThat(lenient.loggedIn(next.getSerialNumber())).isTrue();
                clock.advance(Duration.ofDays(2));
                assertThat(lenient.sweep())
                        .extracting(Inventory.Item::serial, Inventory.Item::id)
                        .containsExactly(tuple(current.getSerialNumber(), "pump-7"));
                current = next;
            }
            BigInteger serial = current.getSerialNumber();
            try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) {
                authority.revoke(
                        List.of(authority.inventory().bySerial(serial).orElseThrow()), RevocationReason.KEY_COMPROMISE);
            }
            refused(lenient.enrol("pump-7", token("pump-7"), request.der()), EnrolmentFault.KEY_REVOKED);
        }
        // where it is not allowed, a key that had its day does not come back with a token
        TestRequest other = TestRequest.of("pump-8");
        X509Certificate first = enrolled(other, "pump-8");
        clock.advance(Duration.ofDays(46));
        X509Certificate second =
                granted(enrolment.renew(first, TestRequest.of("pump-8").der()));
        enrolment.loggedIn(second.getSerialNumber());
        clock.advance(Duration.ofDays(2));
        enrolment.sweep();
        refused(enrolment.enrol("pump-8", token("pump-8"), other.der()), EnrolmentFault.KEY_REVOKED);
    }

    /** The authority's own profile of devices. */
    private void profile(String most) throws Exception {
        String builtIn = ProfileBook.builtInText("device");
        String own = builtIn.replaceFirst("key: .*", "key: p384")
                        .replaceFirst("accepts: .*", "accepts: [p384, rsa2048]")
                        .replaceFirst("validity: .*", "validity: {default: 30d, most: " + most + ", backdate: 2h}")
                + "  crl_urls: [\"http://crl.example/device.crl\"]\n";
        Files.writeString(Files.createDirectory(pki.resolve("profiles")).resolve("device.yaml"), own);
    }

    @Test
    void enrol_atAnAuthorityWithAProfileOfItsOwn_getsWhatThatSays() throws Exception {
        profile("90d");
        String token = token("pump-7");
        try (Enrolment own = enrolment(EnrolmentRules.DEFAULT)) {
            refused(
                    own.enrol("pump-7", token, TestRequest.of("pump-7").der()),
                    EnrolmentFault.KEY_WEAK); // on P-256, which the built-in one takes
            X509Certificate certificate = granted(
                    own.enrol("pump-7", token, TestRequest.rsa("pump-7", 2048).der()));
            assertThat(new String(
                            certificate.getExtensionValue(Extension.cRLDistributionPoints.getId()),
                            java.nio.charset.StandardCharsets.ISO_8859_1))
                    .contains("http://crl.example/device.crl");
            assertThat(certificate.getNotBefore().toInstant())
                    .isEqualTo(clock.instant().minus(Duration.ofHours(2)));
            own.loggedIn(certificate.getSerialNumber());
            clock.advance(Duration.ofDays(50));
            refused(own.renew(certificate, TestRequest.of("pump-7").der()), EnrolmentFault.KEY_WEAK);
        }
    }

    @Test
    void open_withAValidityThatTheProfileDoesNotPermit_isRefused_andLetsTheLockGo() throws Exception {
        profile("60d");
        assertThatThrownBy(() -> enrolment(EnrolmentRules.DEFAULT))
                .isInstanceOf(PkiProblem.class)
                .hasMessage(pki + ": devices cannot enrol for a validity of 90 days;"
                        + " 1 to 60 days are possible for the profile device");
        token("pump-7");
    }

    @Test
    void enrol_beyondItsQuotas_isRefused_andTheDaysQuotaOutlivesTheProcess() throws Exception {
        EnrolmentRules two = new EnrolmentRules(
                Duration.ofDays(90), Duration.ofDays(1), Duration.ofDays(7), Duration.ZERO, false, 600, 2);
        try (Enrolment small = enrolment(two)) {
            granted(small.enrol("a", token("a"), TestRequest.of("a").der()));
            Granted second =
                    (Granted) small.enrol("b", token("b"), TestRequest.of("b").der());
            assertThat(second.today()).isEqualTo(second.perDay()).isEqualTo(2);
        }
        try (Enrolment again = enrolment(two)) {
            refused(again.enrol("c", token("c"), TestRequest.of("c").der()), EnrolmentFault.QUOTA);
            clock.advance(Duration.ofHours(25));
            granted(again.enrol("c", token("c"), TestRequest.of("c").der()));
        }
    }

    @Test
    void renew_sixTimesWithoutALogin_isRefused() throws Exception {
        X509Certificate old = enrolled(TestRequest.of("pump-7"), "pump-7");
        clock.advance(Duration.ofDays(46));
        for (int i = 0; i < 5; i++) {
            granted(enrolment.renew(old, TestRequest.of("pump-7").der()));
        }
        refused(enrolment.renew(old, TestRequest.of("pump-7").der()), EnrolmentFault.QUOTA);
    }

    @Test
    void liveInventory_readsWhatOthersAppend_andNoticesAJournalThatWasCutOff() throws Exception {
        LiveInventory live = LiveInventory.open(pki);
        assertThat(live.refresh()).isFalse();
        X509Certificate certificate = enrolled(TestRequest.of("pump-7"), "pump-7");
        assertThat(live.refresh()).isTrue();
        BigInteger serial = certificate.getSerialNumber();
        State state =
                live.ask(inventory -> inventory.bySerial(serial).orElseThrow().state(clock.instant()));
        assertThat(state).isEqualTo(State.ACTIVE);
        Path journal = pki.resolve("journal");
        List<String> lines = Files.readAllLines(journal);
        Files.write(journal, lines.subList(0, lines.size() - 1));
        assertThatThrownBy(live::refresh)
                .isInstanceOfSatisfying(
                        PkiProblem.class, problem -> assertThat(problem.kind()).isEqualTo(PkiProblem.Kind.CORRUPT));
    }
}
