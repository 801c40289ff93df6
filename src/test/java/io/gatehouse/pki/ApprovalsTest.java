package io.gatehouse.pki;

import static io.gatehouse.pki.TestAuthority.PASSPHRASE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.authn.MutableClock;
import io.gatehouse.pki.Application.Decision;
import io.gatehouse.pki.ApprovalRules.Whom;
import io.gatehouse.pki.EnrolmentAnswer.Granted;
import io.gatehouse.pki.EnrolmentAnswer.Refused;
import io.gatehouse.pki.EnrolmentAnswer.Waiting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices without a token wait for an operator; the rules of it, by a clock that stands until it is moved. */
class ApprovalsTest {
    private static final Duration WEEK = Duration.ofDays(7);

    /** Made once: a key costs half a second to encrypt. */
    @TempDir
    private static Path template;

    @TempDir
    private Path temp;

    private Path pki = Path.of("");
    private final MutableClock clock = new MutableClock();

    @BeforeAll
    static void makeTemplate() throws Exception {
        TestAuthority.make(template.resolve("pki"));
    }

    @BeforeEach
    void make() throws Exception {
        pki = TestAuthority.copy(template.resolve("pki"), temp.resolve("pki"));
    }

    private Enrolment enrolment(Whom whom, int waiting, int perAddress, Optional<Manufacturers> makers)
            throws Exception {
        EnrolmentRules terms = EnrolmentRules.DEFAULT;
        EnrolmentRules rules = new EnrolmentRules(
                terms.validity(),
                terms.overlap(),
                terms.unusedFor(),
                terms.renewAfterExpiry(),
                terms.sameKey(),
                terms.perMinute(),
                terms.perDay(),
                new ApprovalRules(whom, waiting, perAddress, WEEK));
        return Enrolment.open(pki, PASSPHRASE, rules, makers, clock);
    }

    private Enrolment anyone() throws Exception {
        return enrolment(Whom.ANYONE, 100, 100, Optional.empty());
    }

    private static Applicant from(String address, X509Certificate... chain) {
        return new Applicant(address, List.of(chain));
    }

    private static EnrolmentAnswer ask(Enrolment enrolment, TestRequest request) throws Exception {
        return enrolment.enrol(from("192.0.2.1"), request.der());
    }

    private static Waiting waits(EnrolmentAnswer answer) {
        assertThat(answer).isInstanceOf(Waiting.class);
        return (Waiting) answer;
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

    /** What an operator does beside. */
    private interface Deciding {
        void with(Approvals approvals) throws Exception;
    }

    private void decide(Deciding deciding) throws Exception {
        try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) {
            deciding.with(new Approvals(authority));
        }
    }

    private long lines() throws Exception {
        try (var lines = Files.lines(pki.resolve("journal"))) {
            return lines.count();
        }
    }

    @Test
    void request_thatNobodyMayMake_isRefused_andWritesNothing() throws Exception {
        try (Enrolment enrolment = enrolment(Whom.NOBODY, 100, 100, Optional.empty())) {
            long before = lines();
            refused(ask(enrolment, TestRequest.of("pump-7")), EnrolmentFault.UNAUTHENTICATED);
            assertThat(lines()).isEqualTo(before);
        }
        assertThat(EnrolmentRules.DEFAULT.approval().whom()).isEqualTo(Whom.NOBODY);
    }

    @Test
    void request_waits_untilItIsApproved_andThatKeyAndNoOtherGetsItsCertificate() throws Exception {
        TestRequest request = TestRequest.of("pump-7");
        try (Enrolment enrolment = anyone()) {
            Waiting first = waits(ask(enrolment, request));
            assertThat(first)
                    .isEqualTo(new Waiting(
                            "pump-7", Journal.sha256(request.pair().getPublic().getEncoded()), true));
            long lines = lines();
            assertThat(waits(ask(enrolment, request)).first()).isFalse();
            assertThat(lines()).as("asking again writes nothing").isEqualTo(lines);
            refused(ask(enrolment, TestRequest.of("pump-7")), EnrolmentFault.KEY_TAKEN);
            refused(ask(enrolment, request.as("pump-8")), EnrolmentFault.KEY_TAKEN);

            decide(approvals -> {
                assertThatThrownBy(() -> approvals.approve("pump-7", "00".repeat(32), false, WEEK))
                        .hasMessageContaining("not the one that was given");
                assertThatThrownBy(() -> approvals.approve("pump-9", first.fingerprint(), false, WEEK))
                        .hasMessage("no request of \"pump-9\" waits");
                approvals.approve("pump-7", first.fingerprint().toUpperCase(java.util.Locale.ROOT), false, WEEK);
                assertThatThrownBy(() -> approvals.approve("pump-7", first.fingerprint(), false, WEEK))
                        .hasMessageContaining("approved already");
            });
            refused(ask(enrolment, TestRequest.of("pump-7")), EnrolmentFault.KEY_TAKEN);
            X509Certificate certificate = granted(ask(enrolment, request));
            assertThat(certificate.getSubjectX500Principal().getName()).contains("CN=pump-7");
            assertThat(granted(ask(enrolment, request))).as("a lost reply").isEqualTo(certificate);
            assertThat(Approvals.view(pki, clock.instant())).isEmpty();
            assertThat(Authority.view(pki).items()).hasSize(1);
        }
        assertThat(Ledger.verify(pki, Optional.empty()).lines()).isEqualTo(lines());
    }

    @Test
    void request_thatIsRefused_isToldSo_andItsIdIsFreeForTheDeviceItself() throws Exception {
        TestRequest stranger = TestRequest.of("pump-7");
        TestRequest device = TestRequest.of("pump-7");
        try (Enrolment enrolment = anyone()) {
            String key = waits(ask(enrolment, stranger)).fingerprint();
            decide(approvals -> approvals.refuse("pump-7", key, WEEK));
            refused(ask(enrolment, stranger), EnrolmentFault.APPROVAL_REFUSED);
            String own = waits(ask(enrolment, device)).fingerprint();
            assertThat(Approvals.view(pki, clock.instant()))
                    .extracting(Application::decision)
                    .containsExactly(Decision.WAITING, Decision.REFUSED);
            decide(approvals -> approvals.approve("pump-7", own, false, WEEK));
            decide(approvals -> approvals.refuse("pump-7", own, WEEK)); // taken back
            refused(ask(enrolment, device), EnrolmentFault.APPROVAL_REFUSED);
            clock.advance(WEEK.plusSeconds(1));
            waits(ask(enrolment, device));
        }
        assertThat(Authority.view(pki).items()).isEmpty();
    }

    @Test
    void requests_areBoundedInNumber_ofAllAndOfAnAddress_andInAge() throws Exception {
        try (Enrolment enrolment = enrolment(Whom.ANYONE, 3, 1, Optional.empty())) {
            for (int i = 1; i <= 3; i++) {
                String address = "192.0.2." + i;
                waits(enrolment.enrol(from(address), TestRequest.of("pump-" + i).der()));
                refused(
                        enrolment.enrol(
                                from(address), TestRequest.of("more-" + i).der()),
                        EnrolmentFault.APPROVAL_FULL);
            }
            long lines = lines();
            refused(enrolment.enrol(from("192.0.2.9"), TestRequest.of("pump-9").der()), EnrolmentFault.APPROVAL_FULL);
            assertThat(lines()).isEqualTo(lines);
            clock.advance(WEEK.minusSeconds(1));
            assertThat(Approvals.view(pki, clock.instant())).hasSize(3);
            clock.advance(Duration.ofSeconds(2));
            assertThat(Approvals.view(pki, clock.instant())).isEmpty();
            waits(enrolment.enrol(from("192.0.2.1"), TestRequest.of("pump-9").der()));
        }
    }

    @Test
    void approval_thatIsNotUsedInTime_lapses() throws Exception {
        TestRequest request = TestRequest.of("pump-7");
        try (Enrolment enrolment = anyone()) {
            String key = waits(ask(enrolment, request)).fingerprint();
            decide(approvals -> approvals.approve("pump-7", key, false, Duration.ofDays(1)));
            clock.advance(Duration.ofDays(1).plusSeconds(1));
            assertThat(waits(ask(enrolment, request)).first()).isTrue();
        }
        assertThat(Authority.view(pki).items()).isEmpty();
    }

    @Test
    void request_inTheNameOfADeviceThatHasACertificate_isApprovedOnlyWithTheWordForIt() throws Exception {
        TestRequest request = TestRequest.of("pump-7");
        try (Enrolment enrolment = anyone()) {
            try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) {
                authority.issueDevice("pump-7", Duration.ofDays(90));
            }
            String key = waits(ask(enrolment, request)).fingerprint();
            decide(approvals -> {
                assertThatThrownBy(() -> approvals.approve("pump-7", key, false, WEEK))
                        .hasMessageContaining("approve with --replace");
                approvals.approve("pump-7", key, true, WEEK);
            });
            X509Certificate next = granted(ask(enrolment, request));
            enrolment.loggedIn(next.getSerialNumber());
            assertThat(Authority.view(pki).byId("pump-7"))
                    .extracting(item -> item.state(clock.instant()))
                    .containsExactly(Inventory.State.SUPERSEDED, Inventory.State.ACTIVE);

            // and one that got its certificate otherwise after it was approved
            TestRequest other = TestRequest.of("pump-8");
            String second = waits(ask(enrolment, other)).fingerprint();
            decide(approvals -> approvals.approve("pump-8", second, false, WEEK));
            try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) {
                authority.issueDevice("pump-8", Duration.ofDays(90));
            }
            refused(ask(enrolment, other), EnrolmentFault.KEY_TAKEN);
        }
    }

    @Test
    void requests_thatAreNotGood_doNotWait() throws Exception {
        try (Enrolment enrolment = anyone()) {
            long before;
            try (Authority authority = Authority.open(pki, PASSPHRASE, clock)) {
                authority.token("pump-6", WEEK);
                before = lines();
            }
            refused(
                    ask(enrolment, TestRequest.of("pump-6")),
                    EnrolmentFault.UNAUTHENTICATED); // it comes with its token
            refused(ask(enrolment, TestRequest.of("")), EnrolmentFault.NAME_MISMATCH);
            refused(ask(enrolment, TestRequest.of("pump/7")), EnrolmentFault.NAME_MISMATCH);
            refused(ask(enrolment, TestRequest.rsa("pump-7", 2048)), EnrolmentFault.KEY_WEAK);
            refused(
                    enrolment.enrol(from("192.0.2.1"), TestRequest.of("pump-7").unproven()),
                    EnrolmentFault.CSR_UNPROVEN);
            refused(enrolment.enrol(from("192.0.2.1"), new byte[] {1}), EnrolmentFault.CSR_MALFORMED);
            assertThat(lines()).isEqualTo(before);
        }
    }

    @Test
    void manufactured_deviceThatIsNotOnTheList_waits_andAStrangerDoesNot() throws Exception {
        try (Authority maker = Authority.create(temp.resolve("maker"), "Pump Works", PASSPHRASE, clock)) {
            X509Certificate made =
                    maker.issueDevice("SN-1", Duration.ofDays(900)).certificate();
            Path authorities = Files.writeString(temp.resolve("maker.pem"), Pem.of(maker.root(), maker.deviceIssuer()));
            Path list = Files.writeString(temp.resolve("list.csv"), "sha256,id\n");
            X509Certificate foreign;
            try (Authority own = Authority.open(pki, PASSPHRASE, clock)) {
                foreign = own.issueDevice("SN-2", Duration.ofDays(90)).certificate();
            }
            try (Enrolment enrolment =
                    enrolment(Whom.MANUFACTURED, 100, 100, Optional.of(Manufacturers.read(authorities, list)))) {
                byte[] csr = TestRequest.of("pump-7").der();
                refused(enrolment.enrol(from("192.0.2.1"), csr), EnrolmentFault.UNAUTHENTICATED);
                refused(enrolment.enrol(from("192.0.2.1", foreign), csr), EnrolmentFault.NOT_LISTED);
                waits(enrolment.enrol(from("192.0.2.1", made, maker.deviceIssuer()), csr));
            }
            assertThat(Approvals.view(pki, clock.instant()))
                    .extracting(Application::id, Application::from, Application::maker)
                    .containsExactly(org.assertj.core.api.Assertions.tuple(
                            "pump-7", "192.0.2.1", Journal.sha256(made.getEncoded())));
        }
    }
}
