package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An authority after its end. */
class SoundnessTest {
    private static final char[] PASSPHRASE = "correct horse battery".toCharArray();

    /** The issuing authorities end after ten years, the root after twenty. */
    private static final Duration LATER = Duration.ofDays(11 * 365);

    @TempDir
    private Path temp;

    @Test
    void authority_thatEnded_issuesNothing_andStillRevokes() throws Exception {
        Path pki = temp.resolve("pki");
        Clock now = Clock.systemUTC();
        try (Authority authority = Authority.create(pki, "Test", PASSPHRASE.clone(), now)) {
            authority.issueDevice("pump-1", Duration.ofDays(30));
        }
        Path table = Files.writeString(temp.resolve("fleet.csv"), "id\npump-2\n");
        Path out = temp.resolve("fleet.tar");
        Fleet fleet = Fleet.read(table, Duration.ofDays(30), ProfileBook.builtIn());
        FleetRun.Terms terms = new FleetRun.Terms(false, false, Forms.NONE);
        byte[] journal = Files.readAllBytes(pki.resolve("journal"));
        try (Authority authority = Authority.open(pki, PASSPHRASE.clone(), Clock.offset(now, LATER))) {
            for (ThrowingCallable issuing : List.<ThrowingCallable>of(
                    () -> authority.issueDevice("pump-2", Duration.ofDays(30)),
                    () -> authority.issuer(Profile.SERVER),
                    () -> authority.token("pump-2", Duration.ofDays(1)),
                    () -> new FleetRun(authority, fleet, out, terms).check(), // a dry run
                    () -> FleetTokens.check(authority, fleet))) {
                assertThatThrownBy(issuing)
                        .isInstanceOfSatisfying(
                                PkiProblem.class,
                                problem -> assertThat(problem.kind()).isEqualTo(PkiProblem.Kind.POLICY))
                        .hasMessageContaining(".crt: the authority ended 20")
                        .hasMessageContaining("gatehouse certs init");
            }
            assertThat(Files.readAllBytes(pki.resolve("journal"))).isEqualTo(journal);

            assertThat(out).doesNotExist();

            authority.requirePassphrase();
            assertThat(authority.revoke(authority.inventory().byId("pump-1"), RevocationReason.KEY_COMPROMISE))
                    .hasSize(1);
            assertThat(authority.publishRevocations(Duration.ofDays(7))).isNotEmpty();
        }
    }

    @Test
    void certificate_thatWouldOutliveItsAuthority_endsWithIt_andThatCanBeTold() throws Exception {
        Path pki = temp.resolve("pki");
        Authority.create(pki, "Test", PASSPHRASE.clone(), Clock.systemUTC()).close();
        Path table = Files.writeString(temp.resolve("fleet.csv"), "id,validity\nshort,10d\nlong,300d\nlonger,390d\n");
        Fleet fleet = Fleet.read(table, null, ProfileBook.builtIn());
        FleetRun.Terms terms = new FleetRun.Terms(false, false, Forms.NONE);
        Clock late = Clock.offset(Clock.systemUTC(), Duration.ofDays(10 * 365 - 200));
        try (Authority authority = Authority.open(pki, PASSPHRASE.clone(), late)) {
            assertThat(authority.issueDevice("pump-1", Duration.ofDays(30)).endsWithIssuer())
                    .isFalse();
            Issued cut = authority.issueDevice("pump-2", Duration.ofDays(300));
            assertThat(cut.endsWithIssuer()).isTrue();
            assertThat(cut.certificate().getNotAfter())
                    .isEqualTo(authority.deviceIssuer().getNotAfter());
            assertThat(new FleetRun(authority, fleet, temp.resolve("fleet.tar"), terms).shortened())
                    .isEqualTo(2);
        }
        try (Authority authority = Authority.open(pki, PASSPHRASE.clone(), Clock.systemUTC())) {
            assertThat(new FleetRun(authority, fleet, temp.resolve("fleet.tar"), terms).shortened())
                    .isZero();
        }
    }
}
