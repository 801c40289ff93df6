package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * The thirty cases that a broker with certificates has to refuse, and the tests that show it: {@code Class#method}, and behind a colon
 * the row where the test is a table. A case of which the test or the row is gone fails here.
 */
class RefusalTableTest {
    private static final String HANDSHAKE =
            "security.ClientCertificateTest#handshake_badCertificate_endsWithItsCodeAndWithoutMqtt:";

    private static final String LIST = "security.RevocationListTest#list_bad_isRefusedAndTheLastOneStaysInForce:";
    private static final String HELLO = "security.TlsSettingsTest#hello_isAnsweredOrRefusedWithTheAlertThatSaysWhy:";
    private static final String FILES =
            "security.RefusalRowsTest#reload_ofFilesThatAreWrong_isRefused_andNobodyNotices:";

    private static final Map<Integer, List<String>> TABLE = new HashMap<>();

    private static void row(int number, String... tests) {
        TABLE.put(number, List.of(tests));
    }

    static {
        row(1, HANDSHAKE + "expired", HANDSHAKE + "an authority that expired");
        row(2, HANDSHAKE + "not yet valid");
        row(3, HANDSHAKE + "for servers only");
        row(4, HANDSHAKE + "no extended usage");
        row(5, HANDSHAKE + "any extended usage", HANDSHAKE + "clients and any");
        row(6, HANDSHAKE + "key usage without signature");
        row(7, HANDSHAKE + "another authority", HANDSHAKE + "another authority, sent along");
        row(8, HANDSHAKE + "an authority of the same name");
        row(9, HANDSHAKE + "self-signed", "security.TlsSettingsTest#request_forACertificate_namesNoAuthority");
        row(10, HANDSHAKE + "intermediate missing");
        row(11, HANDSHAKE + "path length exceeded");
        row(12, HANDSHAKE + "a device as issuer");
        row(13, HANDSHAKE + "SHA-1");
        row(
                14,
                HANDSHAKE + "RSA-1024",
                HANDSHAKE + "an authority of RSA-1024",
                HANDSHAKE + "a key of the flaw ROCA",
                HANDSHAKE + "a key of primes side by side",
                HANDSHAKE + "a key with a small factor");
        row(15, HANDSHAKE + "version 1");
        row(16, HANDSHAKE + "negative serial", HANDSHAKE + "serial of zero", HANDSHAKE + "serial of 24 octets");
        row(17, HANDSHAKE + "unknown critical extension", HANDSHAKE + "critical distribution point");
        row(
                18,
                "security.RefusalRowsTest#key_onSecp256k1_isRefused",
                HANDSHAKE + "P-521, not asked for",
                "security.ClientCertificateTest#handshake_withAnEd25519Key_isRefusedByBoringssl",
                HANDSHAKE + "P-521",
                HANDSHAKE + "Ed25519",
                "security.ClientCertificateTest#handshake_rareKeysAndASkewedClock_logInWhereTheListenerSaysSo");
        row(
                19,
                HANDSHAKE + "NUL in the name",
                HANDSHAKE + "a newline in the name",
                HANDSHAKE + "a wildcard in the name",
                HANDSHAKE + "a level in the name",
                HANDSHAKE + "a plus in the name",
                HANDSHAKE + "65 characters",
                HANDSHAKE + "a control character in a URI");
        row(
                20,
                HANDSHAKE + "two URIs",
                HANDSHAKE + "two common names",
                HANDSHAKE + "no name",
                "security.RefusalRowsTest#certificate_withoutAnyName_isRefused");
        row(21, "security.RefusalRowsTest#clientId_thatTheCertificateDoesNotBearOut_isRefused");
        row(22, "security.RevocationListTest#list_replaced_endsTheConnectionOfWhoIsOnItAndNobodyElses");
        row(
                23,
                "security.RevocationListTest#resume_afterRevocation_isRefused",
                "security.FleetRotationTest#session_ofBeforeAChangeOfTrust_isNotResumed");
        row(
                24,
                "security.RevocationListTest#list_replaced_endsTheConnectionOfWhoIsOnItAndNobodyElses",
                "security.FleetRevocationTest#list_replaced_endsThoseConnectionsWithinFiveSeconds_andTheOthersMissNothing",
                "security.FleetRevocationTest#journal_revocation_endsThoseConnectionsWithinASecond_andTheOthersMissNothing",
                "security.RevocationListTest#certificate_endingWhileConnected_endsTheConnectionAndItsWillIsPublished");
        row(
                25,
                "security.RevocationListTest#list_pastItsNextUpdate_isEnforcedForAWhileThenClosesTheDoor",
                "security.RevocationListTest#resume_afterRevocation_isRefused", // PEM and DER in turn
                LIST + "another authority",
                LIST + "same name, other key",
                LIST + "an older number",
                LIST + "from the future",
                LIST + "unknown critical extension",
                LIST + "truncated",
                LIST + "a changed byte",
                LIST + "nothing",
                LIST + "garbage",
                LIST + "PEM of garbage");
        row(
                26,
                LIST + "garbage",
                FILES + "a certificate that is garbage",
                FILES + "another's key",
                FILES + "another server's name",
                "security.SelfHandshakeTest#certificate_thatNoClientCouldUse_isNotTakenIn_andNoBrokerStartsWithIt");
        row(
                27,
                HANDSHAKE + "none",
                "security.RefusalRowsTest#clientWithoutACertificate_thatOffersOneForLater_isRefused");
        row(
                28,
                HANDSHAKE + "five certificates",
                "security.TlsSettingsTest#certificates_manyOrLarge_endTheHandshakeAndNobodyElse",
                HELLO + "a hello of 17 KiB",
                HELLO + "a hello of 60 KiB",
                "security.AdmissionLimitsTest#limit_connectTimeout_endsADribblingConnect",
                "security.AdmissionLimitsTest#limit_handshakes_ofAnAddressAndOfAListener_areThoseThatHaveNotEnded",
                "abuse.AbuseTest#halfOpenHandshakes_end",
                "security.UnfinishedHandshakeTest#handshakes_fiveHundredHalfOpenOfOneAddress_takeItsPlacesAndNobodyElses_andEnd",
                "security.EstTlsTest#handshakes_thatDoNotEnd_areEnded_andOthersEnrolMeanwhile");
        row(
                29,
                HELLO + "TLS 1.0",
                HELLO + "TLS 1.1",
                HELLO + "static RSA",
                HELLO + "CBC",
                HELLO + "3DES",
                HELLO + "ALPN h2",
                "security.TlsSettingsTest#hello_ofSsl2AndOfHttp_isClosedWithoutAWord",
                "security.TlsSettingsTest#renegotiation_askedByTheClient_isRefused",
                "security.RefusalRowsTest#handshake_thatTheClientSignsWithSha1_isRefused",
                "security.EstTlsTest#handshake_thatTheClientSignsWithSha1_isRefused",
                "security.RefusalRowsTest#ticket_allowsNoEarlyData",
                "security.UnfinishedHandshakeTest#earlyData_isNeverMqtt",
                "security.EstTlsTest#hello_isAnsweredOrRefusedWithTheAlertThatSaysWhy",
                "security.EstTlsTest#hello_ofSsl2AndOfHttp_isClosed");
        row(
                30,
                "pki.EnrolmentTest#enrol_withARequestThatIsNotGood_isRefused_andTheTokenIsGoodForTheNext",
                "enrolment.EstTest#requests_thatAreNotGood_areRefusedWithCodeWordAuditAndFigure_andNothingIsIssued",
                "pki.EnrolmentTest#enrol_askingForAnAuthoritysRights_getsADevicesCertificate_andIsToldWhatWasDropped",
                "pki.EnrolmentTest#enrol_withATokenThatIsNotGood_isRefusedInTheSameWords_andNothingIsIssued",
                "enrolment.EstTest#body_thatIsTooLargeOrTooSlow_andTooManyRequests_areRefused",
                "cli.CertsCommandTest#batch_faultyTable_namesEveryLineAndIssuesNothing",
                "pki.AuthorityTest#storedPassphrase_thatOthersCanRead_isRefused",
                "pki.AuthorityTest#issue_wrongPassphrase_issuesNothing",
                "pki.AuthorityTest#open_whileInUse_isRefused",
                "pki.AuthorityLockTest#lock_thatAnotherThreadWaitsFor_staysWithItsHolder",
                "cli.CertsTroubleTest#command_whileAnotherProcessHasTheAuthority_exits6_andIssuesNothing",
                "cli.CertsTroubleTest#command_onAFullDisk_exits1_issuesNothing_andIsDoneWhenThereIsRoom",
                "pki.AuthorityFullDiskTest#issue_onAFullDisk_issuesNothing_andGoesOnWhenThereIsRoom",
                "cli.CertsKillTest#batch_killedAtRandomMoments_losesNothingAndGivesNoSerialTwice",
                "cli.CertsCommandTest#verify_andLint_nameTheRule");
    }

    @Test
    void table_hasEveryCase_andEveryTestOfItIsThere() throws Exception {
        assertThat(TABLE.keySet())
                .containsExactlyElementsOf(IntStream.rangeClosed(1, 30).boxed().toList());
        for (Map.Entry<Integer, List<String>> entry : TABLE.entrySet()) {
            for (String test : entry.getValue()) {
                String[] parts = test.split("[#:]", 3);
                Class<?> type = Class.forName("io.gatehouse." + parts[0]);
                Method method = Arrays.stream(type.getDeclaredMethods())
                        .filter(one -> one.getName().equals(parts[1]))
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("case " + entry.getKey() + ": no " + test));
                assertThat(method.isAnnotationPresent(Test.class)
                                || method.isAnnotationPresent(ParameterizedTest.class))
                        .as(test)
                        .isTrue();
                if (parts.length == 3) {
                    assertThat(rows(type))
                            .as("case %d: %s", entry.getKey(), test)
                            .anyMatch(row -> row.endsWith(parts[2]));
                }
            }
        }
    }

    /** The names of a table's rows. */
    private static List<String> rows(Class<?> type) throws ReflectiveOperationException {
        if (type == ClientCertificateTest.class) {
            return names(type, "refusals");
        }
        if (type == RevocationListTest.class) {
            return names(type, "badLists");
        }
        return names(type, type == TlsSettingsTest.class ? "hellos" : "changes");
    }

    private static List<String> names(Class<?> type, String source) throws ReflectiveOperationException {
        Method method = type.getDeclaredMethod(source);
        method.setAccessible(true);
        return ((java.util.stream.Stream<?>) method.invoke(null))
                .map(arguments -> ((org.junit.jupiter.params.provider.Arguments) arguments).get()[0])
                .map(first -> ((org.junit.jupiter.api.Named<?>) first).getName())
                .toList();
    }
}
