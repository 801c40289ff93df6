package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.enrolment.EstClient.Answer;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory.State;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.RenewalTime;
import io.gatehouse.pki.StoredPassphrase;
import io.gatehouse.pki.TestRequest;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a certificate is renewed and when it ends by itself, over HTTPS. */
class RenewalRulesTest {
    /** One authority for all: its keys cost seconds. */
    @TempDir
    private static Path temp;

    /** Asks for the next certificate with one that was issued for 90 days, so long ago. */
    private static Answer renew(EstHouse house, String id, Duration age) throws Exception {
        Clock then = Clock.offset(Clock.systemUTC(), age.negated());
        Issued issued;
        try (Authority authority = Authority.open(house.pki, StoredPassphrase.beside(house.pki), then)) {
            issued = authority.issueDevice(id, Duration.ofDays(90));
        }
        KeyPair pair =
                new KeyPair(issued.certificate().getPublicKey(), issued.key().orElseThrow());
        return new EstClient(house.tls(pair, issued.certificate()), house.estPort())
                .post("simplereenroll", TestRequest.of(id).der());
    }

    private static void expired(EstHouse house, String id, Duration age) throws Exception {
        Answer answer = renew(house, id, age);
        assertThat(answer.status()).as(answer.body()).isEqualTo(403);
        assertThat(answer.body()).startsWith("cert_expired: the certificate expired ");
        house.awaitAudit("cert_expired", id);
        assertThat(Authority.view(house.pki).byId(id)).hasSize(1);
    }

    @Test
    void certificateThatExpired_isNotRenewed_butWithinTheTimeThatIsSet() throws Exception {
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n")) {
            expired(house, "pump-1", Duration.ofDays(90).plusHours(1));
            assertThat(renew(house, "pump-2", Duration.ofDays(89)).status()).isEqualTo(200);
            Answer early = renew(house, "pump-3", Duration.ofDays(44));
            assertThat(early.status()).isEqualTo(403);
            assertThat(early.body()).startsWith("too_early: ");
            assertThat(renew(house, "pump-4", Duration.ofDays(46)).status()).isEqualTo(200);
        }
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n  renew_after_expiry: 5d\n")) {
            Answer late = renew(house, "pump-5", Duration.ofDays(94));
            assertThat(late.status()).as(late.body()).isEqualTo(200);
            expired(house, "pump-6", Duration.ofDays(96));
        }
    }

    @Test
    void certificateThatNobodyLoggedInWith_isRevokedAfterAWeek() throws Exception {
        X509Certificate certificate;
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n")) {
            certificate = new EstClient(house.tls(null), house.estPort())
                    .enrol(
                            "pump-unused",
                            house.token("pump-unused"),
                            TestRequest.of("pump-unused").der())
                    .certificate();
            assertThat(house.state(certificate)).isEqualTo(State.PENDING);
        }
        Clock later = Clock.offset(Clock.systemUTC(), Duration.ofDays(7).plusMinutes(5));
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n", later)) {
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(house.state(certificate)).isEqualTo(State.REVOKED));
            assertThat(house.awaitAudit("revoked", "pump-unused"))
                    .containsEntry("action", "retire")
                    .containsEntry("detail", "never used")
                    .containsEntry("serial", certificate.getSerialNumber().toString(16));
        }
    }

    @Test
    void hints_ofAFleetIssuedAtOnce_spreadOverATenthOfTheLife_andAreTheSameEveryTime() throws Exception {
        Set<Instant> times = new HashSet<>();
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n");
                Authority authority = house.authority()) {
            for (int i = 0; i < 60; i++) {
                X509Certificate certificate =
                        authority.issueDevice("fleet-" + i, Duration.ofDays(90)).certificate();
                Instant when = RenewalTime.of(certificate);
                assertThat(when)
                        .isEqualTo(RenewalTime.of(certificate))
                        .isBetween(
                                certificate
                                        .getNotAfter()
                                        .toInstant()
                                        .minus(Duration.ofDays(39).plusHours(2)),
                                certificate.getNotAfter().toInstant().minus(Duration.ofDays(30)));
                times.add(when);
            }
        }
        Instant first = times.stream().min(Instant::compareTo).orElseThrow();
        Instant last = times.stream().max(Instant::compareTo).orElseThrow();
        assertThat(times).hasSizeGreaterThan(50);
        assertThat(Duration.between(first, last)).isGreaterThan(Duration.ofDays(5));
    }
}
