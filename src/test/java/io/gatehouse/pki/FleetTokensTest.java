package io.gatehouse.pki;

import static io.gatehouse.pki.TestAuthority.PASSPHRASE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens for the devices of a table: what the table says of them is in the certificates that they get. */
class FleetTokensTest {
    private static final Clock CLOCK = Clock.systemUTC();
    private static final Duration WEEK = Duration.ofDays(7);

    @TempDir
    private Path temp;

    private Path pki = Path.of("");

    @BeforeEach
    void anAuthority() throws Exception {
        pki = temp.resolve("pki");
        TestAuthority.make(pki);
    }

    private Fleet fleet(String text) throws Exception {
        return Fleet.read(Files.writeString(temp.resolve("fleet.csv"), text), null, ProfileBook.builtIn());
    }

    @Test
    void token_ofARowWithUriAndGroup_enrolsWithBoth() throws Exception {
        List<String> tokens;
        try (Authority authority = Authority.open(pki, PASSPHRASE.clone(), CLOCK)) {
            Fleet fleet = fleet("id,san_uri,group\npump,urn:dev:org:32473-hall-4,hall 4\nvalve,,\n");
            tokens = FleetTokens.make(authority, fleet, WEEK);
            assertThat(tokens).hasSize(2).doesNotHaveDuplicates();
            long lines = Files.readAllLines(pki.resolve("journal")).size();
            FleetTokens.make(authority, fleet, WEEK); // what is known is not said again
            assertThat(Files.readAllLines(pki.resolve("journal"))).hasSize((int) lines + 2);
        }
        try (Enrolment enrolment =
                Enrolment.open(pki, PASSPHRASE.clone(), EnrolmentRules.DEFAULT, Optional.empty(), CLOCK)) {
            EnrolmentAnswer answer = enrolment.enrol(
                    "pump", tokens.get(0), TestRequest.of("pump").der());
            assertThat(answer).isInstanceOf(EnrolmentAnswer.Granted.class);
            X509Certificate certificate = ((EnrolmentAnswer.Granted) answer).certificate();
            assertThat(certificate.getSubjectAlternativeNames())
                    .containsExactly(List.of(6, "urn:dev:org:32473-hall-4"));
        }
        Inventory inventory = Authority.view(pki);
        assertThat(inventory.byId("pump")).hasSize(1);
        assertThat(inventory.groupOf(inventory.byId("pump").get(0))).isEqualTo("hall 4");
        assertThat(Ledger.verify(pki, Optional.empty()).impossible()).isZero();
    }

    @Test
    void rows_thatNoTokenCanBeFor_areNamedTogether_andNothingIsMade() throws Exception {
        byte[] journal = Files.readAllBytes(pki.resolve("journal"));
        Files.write(temp.resolve("own.csr"), TestRequest.of("own").der());
        Fleet fleet = fleet("id,profile,csr_file,san_uri\npump,,,urn:x:one\nanna,administrator,,\nown,,own.csr,\n"
                + "unit,idevid,,\n");
        Fleet other = fleet("id,san_uri\nvalve,urn:x:one\n");
        try (Authority authority = Authority.open(pki, PASSPHRASE.clone(), CLOCK)) {
            assertThatThrownBy(() -> FleetTokens.make(authority, fleet, WEEK))
                    .isInstanceOfSatisfying(
                            PkiProblem.class,
                            problem -> assertThat(problem.faults().stream().map(PkiProblem.Fault::toString))
                                    .satisfiesExactly(
                                            fault -> assertThat(fault)
                                                    .contains("TOKEN_PROFILE", "fleet.csv:3: \"anna\""),
                                            fault ->
                                                    assertThat(fault).contains("TOKEN_CSR", "fleet.csv:4: ", "\"own\""),
                                            fault -> assertThat(fault)
                                                    .contains("TOKEN_PROFILE", "fleet.csv:5: \"unit\""),
                                            fault -> assertThat(fault).contains("nothing was issued")));
            assertThat(Files.readAllBytes(pki.resolve("journal"))).isEqualTo(journal);

            FleetTokens.make(authority, fleet("id,san_uri\npump,urn:x:one\n"), WEEK);
            assertThatThrownBy(() -> FleetTokens.make(authority, other, WEEK))
                    .isInstanceOfSatisfying(
                            PkiProblem.class,
                            problem -> assertThat(problem.faults().get(0).toString())
                                    .contains("URI_TAKEN", "fleet.csv:2: "));
        }
    }
}
