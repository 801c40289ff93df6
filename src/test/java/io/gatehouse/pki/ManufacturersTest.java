package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ManufacturersTest {
    private static final char[] PASSPHRASE = "a passphrase for tests".toCharArray();

    @TempDir
    private Path temp;

    @Test
    void enrol_ofADeviceThatItsManufacturerVouchesForAndIsListed_isGranted_othersAreNot() throws Exception {
        Clock clock = Clock.systemUTC();
        Path pki = temp.resolve("pki");
        Authority.create(pki, "Greenhouses", PASSPHRASE, clock).close();
        try (Authority maker = Authority.create(temp.resolve("maker"), "Pump Works", PASSPHRASE, clock);
                Authority stranger = Authority.create(temp.resolve("stranger"), "Strangers", PASSPHRASE, clock)) {
            X509Certificate listed =
                    maker.issueDevice("SN-1", Duration.ofDays(900)).certificate();
            X509Certificate unlisted =
                    maker.issueDevice("SN-2", Duration.ofDays(900)).certificate();
            X509Certificate foreign =
                    stranger.issueDevice("SN-1", Duration.ofDays(900)).certificate();
            Path authorities = Files.writeString(temp.resolve("maker.pem"), Pem.of(maker.root(), maker.deviceIssuer()));
            Path list = Files.writeString(
                    temp.resolve("list.csv"),
                    "sha256,id,serial_number\n" + Journal.sha256(listed.getEncoded()) + ",pump-1,SN-1\n"
                            + Journal.sha256(foreign.getEncoded()) + ",pump-3,\n");
            try (Enrolment enrolment = Enrolment.open(
                    pki,
                    PASSPHRASE,
                    EnrolmentRules.DEFAULT,
                    Optional.of(Manufacturers.read(authorities, list)),
                    clock)) {
                byte[] csr = TestRequest.of("pump-1").der();
                EnrolmentAnswer answer = enrolment.enrol(by(listed, maker.deviceIssuer()), csr);
                assertThat(answer)
                        .isInstanceOfSatisfying(
                                EnrolmentAnswer.Granted.class,
                                granted -> assertThat(granted.certificate()
                                                .getSubjectX500Principal()
                                                .toString())
                                        .contains("CN=pump-1")
                                        .contains("SN-1"));
                assertThat(enrolment.enrol(by(listed), csr)) // the reply was lost
                        .isEqualTo(again((EnrolmentAnswer.Granted) answer));
                for (X509Certificate no : List.of(unlisted, foreign)) {
                    assertThat(enrolment.enrol(by(no), TestRequest.of("pump-3").der()))
                            .isInstanceOfSatisfying(
                                    EnrolmentAnswer.Refused.class,
                                    refused -> assertThat(refused.fault()).isEqualTo(EnrolmentFault.NOT_LISTED));
                }
                enrolment.loggedIn(
                        ((EnrolmentAnswer.Granted) answer).certificate().getSerialNumber());
                assertThat(enrolment.enrol(by(listed), TestRequest.of("pump-1").der()))
                        .isInstanceOfSatisfying(
                                EnrolmentAnswer.Refused.class,
                                refused -> assertThat(refused.fault()).isEqualTo(EnrolmentFault.KEY_TAKEN));
            }
        }
    }

    private static Applicant by(X509Certificate... chain) {
        return new Applicant("192.0.2.1", List.of(chain));
    }

    private static EnrolmentAnswer.Granted again(EnrolmentAnswer.Granted granted) {
        return new EnrolmentAnswer.Granted(
                granted.id(), granted.certificate(), granted.dropped(), true, granted.today(), granted.perDay());
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "name,id|:1: the first line is",
                "sha256,id~abc,pump-1|:2: \"abc\" is no SHA-256 in hex",
                "sha256,id~HASH1,pump/1|:2: \"pump/1\" cannot be an id",
                "sha256,id~HASH1,pump-1~HASH2,pump-1|:3: \"pump-1\" is on line 2 already",
                "sha256,id~HASH1,pump-1~HASH1,pump-2|:3: this certificate is on an earlier line already",
                "sha256,id~HASH1|:2: 1 cells, not those of the first line"
            })
    void read_ofAListWithAMistake_namesItsLine(String text, String message) throws Exception {
        Clock clock = Clock.systemUTC();
        Path authorities;
        try (Authority maker = Authority.create(temp.resolve("maker"), "Pump Works", PASSPHRASE, clock)) {
            authorities = Files.writeString(temp.resolve("maker.pem"), Pem.of(maker.root()));
        }
        Path list = Files.writeString(
                temp.resolve("list.csv"),
                text.replace("~", "\n").replace("HASH1", "a".repeat(64)).replace("HASH2", "b".repeat(64)) + "\n");
        assertThatThrownBy(() -> Manufacturers.read(authorities, list))
                .isInstanceOf(PkiProblem.class)
                .hasMessageContaining(message);
    }
}
