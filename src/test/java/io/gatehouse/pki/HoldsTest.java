package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.pki.Inventory.Item;
import io.gatehouse.pki.Inventory.State;
import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.CRLReason;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is revoked for the time being (RFC 5280, 5.3.1: certificateHold), and both ways out of that. */
class HoldsTest {
    private static final char[] PASSPHRASE = "a passphrase for tests".toCharArray();
    private static final Instant START = Instant.parse("2026-06-01T12:00:00Z");

    /** Made once, and copied for each test: its keys cost the most of the time. */
    @TempDir
    private static Path made;

    @TempDir
    private Path temp;

    private Path pki;

    private Instant now = START;

    private final Clock clock = new Clock() {
        @Override
        public ZoneOffset getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    };

    @BeforeAll
    static void makeAnAuthority() throws Exception {
        Clock then = Clock.fixed(START, ZoneOffset.UTC);
        try (Authority authority = Authority.create(made.resolve("pki"), "Greenhouses", PASSPHRASE, then)) {
            authority.issueDevice("pump", Duration.ofDays(100));
            authority.issueDevice("valve", Duration.ofDays(100));
        }
    }

    @BeforeEach
    void copy() throws IOException {
        pki = temp.resolve("pki");
        try (Stream<Path> files = Files.walk(made.resolve("pki"))) {
            for (Path file : files.toList()) {
                Files.copy(file, pki.resolve(made.resolve("pki").relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }

    private Authority open() throws PkiProblem {
        return Authority.open(pki, PASSPHRASE, clock);
    }

    private static List<Item> of(Authority authority, String id) {
        return authority.inventory().byId(id);
    }

    private Item pump() throws PkiProblem {
        return Authority.view(pki).byId("pump").get(0);
    }

    private @Nullable X509CRLEntry listed() throws Exception {
        try (var in = Files.newInputStream(pki.resolve("crl/device.crl"))) {
            X509CRL list = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
            return list.getRevokedCertificate(pump().serial());
        }
    }

    private static void assertThatRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable work, String... words) {
        assertThatThrownBy(work)
                .isInstanceOfSatisfying(
                        PkiProblem.class, e -> assertThat(e.kind()).isEqualTo(Kind.POLICY))
                .hasMessageContainingAll(words);
    }

    @Test
    void hold_isListedWithItsReason_andReleased_leavesTheList() throws Exception {
        try (Authority authority = open()) {
            assertThat(authority.revoke(of(authority, "pump"), RevocationReason.CERTIFICATE_HOLD))
                    .hasSize(1);
            authority.publishRevocations(Authority.LIST_VALIDITY);
            assertThat(pump().state(now)).isEqualTo(State.HELD);
            assertThat(listed())
                    .isNotNull()
                    .satisfies(entry -> assertThat(entry.getRevocationReason()).isEqualTo(CRLReason.CERTIFICATE_HOLD));
            assertThat(authority.revoke(of(authority, "pump"), RevocationReason.CERTIFICATE_HOLD))
                    .as("it is on hold already")
                    .isEmpty();

            Holds.lift(authority, of(authority, "pump"));
            assertThat(ListCheck.of(pki, now, Duration.ofDays(1)))
                    .singleElement()
                    .asString()
                    .contains("device.crl: 1 in it were released since");
            authority.publishRevocations(Authority.LIST_VALIDITY);
        }
        assertThat(pump().state(now)).isEqualTo(State.ACTIVE);
        assertThat(pump().revokedAt()).isNull();
        assertThat(listed()).isNull();
        assertThat(ListCheck.of(pki, now, Duration.ofDays(1))).isEmpty();
    }

    @Test
    void hold_thenRevokedForGood_isRevokedSinceTheHold_andThereIsNoWayBack() throws Exception {
        try (Authority authority = open()) {
            authority.revoke(of(authority, "pump"), RevocationReason.CERTIFICATE_HOLD);
            authority.publishRevocations(Authority.LIST_VALIDITY);
            now = START.plus(Duration.ofHours(1));
            authority.revoke(of(authority, "pump"), RevocationReason.KEY_COMPROMISE);
            assertThat(ListCheck.of(pki, now, Duration.ofDays(1)))
                    .as("the list says that it may come back")
                    .hasSize(1);
            authority.publishRevocations(Authority.LIST_VALIDITY);
            assertThat(pump().state(now)).isEqualTo(State.REVOKED);
            assertThat(pump().revokedAt()).isEqualTo(START);
            assertThat(listed()).isNotNull().satisfies(entry -> {
                assertThat(entry.getRevocationReason()).isEqualTo(CRLReason.KEY_COMPROMISE);
                assertThat(entry.getRevocationDate().toInstant()).isEqualTo(START);
            });

            long lines = Ledger.verify(pki, java.util.Optional.empty()).lines();
            assertThatRefused(
                    () -> Holds.lift(authority, of(authority, "pump")),
                    "\"pump\"",
                    "revoked for keyCompromise: that cannot be undone; issue a new one");
            assertThatRefused(() -> Holds.lift(authority, of(authority, "valve")), "\"valve\"", "not on hold");
            assertThat(authority.revoke(of(authority, "pump"), RevocationReason.CERTIFICATE_HOLD))
                    .isEmpty();
            assertThat(Ledger.verify(pki, java.util.Optional.empty()).lines()).isEqualTo(lines);
        }
    }

    @Test
    void lift_ofSeveralOfWhichOneIsRevoked_liftsNone() throws Exception {
        try (Authority authority = open()) {
            authority.revoke(of(authority, "pump"), RevocationReason.CERTIFICATE_HOLD);
            authority.revoke(of(authority, "valve"), RevocationReason.SUPERSEDED);
            List<Item> both = List.copyOf(authority.inventory().items());
            assertThatRefused(() -> Holds.lift(authority, both), "\"valve\"", "superseded");
            assertThat(pump().state(now)).isEqualTo(State.HELD);
        }
    }

    @Test
    void hold_standsInTheWayOfAnotherCertificateOfItsHolder() throws Exception {
        try (Authority authority = open()) {
            authority.revoke(of(authority, "pump"), RevocationReason.CERTIFICATE_HOLD);
            assertThatRefused(
                    () -> authority.issueDevice("pump", Duration.ofDays(1)), "on hold", "gatehouse certs release pump");
            assertThatRefused(
                    () -> new Renewal(authority).renew(of(authority, "pump").get(0), Duration.ofDays(1), false),
                    "on hold",
                    "gatehouse certs release pump");
            assertThat(authority.issueDevice("other", Duration.ofDays(1))).isNotNull();
            authority.replace(Profile.DEVICE, "pump", Duration.ofDays(1));
            assertThat(pump().state(now)).as("a later one changes nothing").isEqualTo(State.HELD);
        }
    }

    @Test
    void feed_tellsHoldReleaseAndRevocation_eachOnce() throws Exception {
        RevocationFeed feed = RevocationFeed.open(pki);
        BigInteger serial = pump().serial();
        try (Authority authority = open()) {
            authority.revoke(of(authority, "pump"), RevocationReason.CERTIFICATE_HOLD);
            assertThat(feed.poll().revoked())
                    .containsExactly(new RevocationFeed.Revoked(serial, START, RevocationReason.CERTIFICATE_HOLD));
            Holds.lift(authority, of(authority, "pump"));
            assertThat(feed.poll()).isEqualTo(new RevocationFeed.News(List.of(), List.of(serial)));
            assertThat(feed.revoked(serial)).isEmpty();

            authority.revoke(of(authority, "pump"), RevocationReason.CERTIFICATE_HOLD);
            Holds.lift(authority, of(authority, "pump"));
            assertThat(feed.poll().revoked()).as("over before it was seen").isEmpty();

            authority.revoke(of(authority, "pump"), RevocationReason.CERTIFICATE_HOLD);
            authority.revoke(of(authority, "pump"), RevocationReason.PRIVILEGE_WITHDRAWN);
            assertThat(feed.poll().revoked())
                    .containsExactly(new RevocationFeed.Revoked(serial, START, RevocationReason.PRIVILEGE_WITHDRAWN));
        }
    }

    /** Lines whose hashes are right: written by whoever can write the file and knows how. */
    @ParameterizedTest(name = "{0} then {1}: {2}")
    @CsvSource({
        "'', release, a release of what was not on hold",
        "revoke keyCompromise, release, a release of what was revoked for keyCompromise",
        "revoke keyCompromise, revoke certificateHold, a hold of what was revoked for keyCompromise",
        "revoke certificateHold, revoke removeFromCRL, unknown reason removeFromCRL",
        "revoke certificateHold, unrevoke, unknown action unrevoke"
    })
    void journal_withALineThatCannotFollow_isRefusedAndNamed(String first, String then, String why) throws Exception {
        Path journal = pki.resolve("journal");
        if (!first.isEmpty()) {
            forge(first);
        }
        RevocationFeed feed = RevocationFeed.open(pki);
        Set<BigInteger> before = feed.revoked(pump().serial()).isPresent() ? Set.of(pump().serial()) : Set.of();
        byte[] good = Files.readAllBytes(journal);
        forge(then);
        byte[] edited = Files.readAllBytes(journal);
        int line = first.isEmpty() ? 4 : 5;
        for (org.assertj.core.api.ThrowableAssert.ThrowingCallable reader :
                List.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
                        this::open, this::pump, () -> Doctor.examine(pki, now), () -> LiveInventory.open(pki))) {
            assertThatThrownBy(reader)
                    .isInstanceOfSatisfying(
                            PkiProblem.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT))
                    .hasMessageContainingAll("journal:" + line + ": the journal was changed here", why);
        }
        if (!then.equals("unrevoke")) { // of what concerns nobody it takes no notice
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(feed::poll).hasMessageContaining("journal:" + line);
            }
        }
        Files.write(journal, good);
        BigInteger serial = pump().serial();
        assertThat(feed.revoked(serial).isPresent()).isEqualTo(before.contains(serial));
        Files.write(journal, edited);
        assertThat(Files.readAllBytes(journal)).as("never written over").isEqualTo(edited);
    }

    @Test
    void feed_beforeALineThatCannotFollow_stillTellsWhatCameBeforeIt() throws Exception {
        RevocationFeed feed = RevocationFeed.open(pki);
        BigInteger serial = pump().serial();
        forge("revoke keyCompromise");
        forge("release");
        assertThatThrownBy(feed::poll).hasMessageContaining("journal:5");
        assertThat(feed.news().revoked())
                .extracting(RevocationFeed.Revoked::serial)
                .containsExactly(serial);
    }

    @Test
    void feed_askedAboutANewCertificate_keepsWhatItReadForWhoeverPolls() throws Exception {
        RevocationFeed feed = RevocationFeed.open(pki);
        try (Authority authority = open()) {
            authority.revoke(of(authority, "pump"), RevocationReason.KEY_COMPROMISE);
            Issued fresh = authority.issueDevice("fresh", Duration.ofDays(1));
            assertThat(feed.knows(fresh.certificate().getSerialNumber())).isTrue();
        }
        assertThat(feed.poll().revoked())
                .extracting(RevocationFeed.Revoked::serial)
                .containsExactly(pump().serial());
    }

    @Test
    void journal_thatRevokesTwice_isReadable() throws Exception {
        forge("revoke keyCompromise"); // as when a holder and its number were given
        forge("revoke superseded");
        try (Authority authority = open()) {
            assertThat(of(authority, "pump").get(0).reason()).isEqualTo(RevocationReason.KEY_COMPROMISE);
        }
        RevocationFeed feed = RevocationFeed.open(pki);
        assertThat(feed.revoked(pump().serial()).orElseThrow().reason()).isEqualTo(RevocationReason.KEY_COMPROMISE);
    }

    private void forge(String words) throws PkiProblem {
        String[] parts = words.split(" ");
        Journal journal = Journal.follow(pki.resolve("journal"));
        Item[] pump = new Item[1];
        Inventory inventory = new Inventory();
        journal.catchUp(inventory::apply);
        pump[0] = inventory.byId("pump").get(0);
        journal.append(List.of(new Scribe(clock)
                .item(parts[0], pump[0], Journal.NOTHING, parts.length > 1 ? parts[1] : Journal.NOTHING)));
    }

    @Test
    void doctor_findsAHoldThatNobodyEnded() throws Exception {
        try (Authority authority = open()) {
            authority.revoke(of(authority, "pump"), RevocationReason.CERTIFICATE_HOLD);
            authority.publishRevocations(Duration.ofDays(100));
        }
        assertThat(Doctor.examine(pki, START.plus(Duration.ofDays(89)))).isEmpty();
        assertThat(Doctor.examine(pki, START.plus(Duration.ofDays(91))))
                .singleElement()
                .asString()
                .contains("\"pump\"", "is on hold since 2026-06-01", "gatehouse certs release pump");
    }

    @Test
    void enrolment_ofAHeldDevice_isRefusedByEveryDoor_untilItIsReleased() throws Exception {
        TestRequest request = TestRequest.of("pump-7");
        try (Enrolment enrolment =
                Enrolment.open(pki, PASSPHRASE, EnrolmentRules.DEFAULT, java.util.Optional.empty(), clock)) {
            String first;
            String another;
            try (Authority authority = open()) {
                first = authority.token("pump-7", Duration.ofDays(80));
                another = authority.token("pump-7", Duration.ofDays(80));
            }
            EnrolmentAnswer.Granted granted = (EnrolmentAnswer.Granted) enrolment.enrol("pump-7", first, request.der());
            enrolment.loggedIn(granted.certificate().getSerialNumber());
            now = START.plus(Duration.ofDays(60));
            try (Authority authority = open()) {
                authority.revoke(of(authority, "pump-7"), RevocationReason.CERTIFICATE_HOLD);
            }
            byte[] next = TestRequest.of("pump-7").der();
            assertThat(enrolment.renew(granted.certificate(), next))
                    .isInstanceOfSatisfying(
                            EnrolmentAnswer.Refused.class,
                            refused -> assertThat(refused.fault()).isEqualTo(EnrolmentFault.CERT_HELD));
            assertThat(enrolment.enrol("pump-7", another, next))
                    .as("with a token that was left over")
                    .isInstanceOfSatisfying(
                            EnrolmentAnswer.Refused.class,
                            refused -> assertThat(refused.fault()).isEqualTo(EnrolmentFault.CERT_HELD));
            enrolment.sweep();
            try (Authority authority = open()) {
                Holds.lift(authority, of(authority, "pump-7"));
            }
            enrolment.sweep();
            assertThat(ListCheck.of(pki, now, Duration.ofDays(1)))
                    .as("the sweep publishes a list without it")
                    .noneMatch(finding -> finding.contains("device.crl"));
            assertThat(enrolment.renew(granted.certificate(), next)).isInstanceOf(EnrolmentAnswer.Granted.class);
        }
    }
}
