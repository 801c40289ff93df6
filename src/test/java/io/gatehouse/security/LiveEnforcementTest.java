package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.CannotStart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever is connected leaves when what let it in is gone: the ways it can go, and the tests that show each at a socket. */
class LiveEnforcementTest {
    private static final Map<String, List<String>> TABLE = Map.ofEntries(
            Map.entry(
                    "revoked in the journal of an authority on this machine",
                    List.of(
                            "LiveRevocationTest#journal_revocation_endsTheConnectionAndWhatItDoesNotKnowIsRefused",
                            "FleetRevocationTest#journal_revocation_endsThoseConnectionsWithinASecond_andTheOthersMissNothing")),
            Map.entry(
                    "a revocation list replaced",
                    List.of(
                            "RevocationListTest#list_replaced_endsTheConnectionOfWhoIsOnItAndNobodyElses",
                            "FleetRevocationTest#list_replaced_endsThoseConnectionsWithinFiveSeconds_andTheOthersMissNothing")),
            Map.entry(
                    "a revocation list at an address",
                    List.of("LiveRevocationTest#address_listThere_isFetchedAgainAndAgainAndBelievedOnlyWhenGood")),
            Map.entry(
                    "a certificate that ends",
                    List.of(
                            "RevocationListTest#certificate_endingWhileConnected_endsTheConnectionAndItsWillIsPublished",
                            "ExpiryWarningsTest#clients_whoseCertificateEndsSoon_areToldOfOnceAWeekAndOnceADayAhead",
                            "ExpiryWarningsTest#clients_manyOfOneDay_areNamedInPartAndCountedWhole")),
            Map.entry(
                    "an authority taken out of trust",
                    List.of("RevocationListTest#authority_takenOutOfTrust_endsTheConnectionsOfItsClients")),
            Map.entry(
                    "an identity that the policy no longer has",
                    List.of("LiveEnforcementTest#identity_thatThePolicyNoLongerHas_isDisconnected_andTheOthersStay")),
            Map.entry(
                    "another certificate of the server: nobody leaves",
                    List.of(
                            "FleetRotationTest#rotation_underTraffic_endsNoConnectionAndLosesNoMessage",
                            "SelfHandshakeTest#certificate_thatNoClientCouldUse_isNotTakenIn_andNoBrokerStartsWithIt")),
            Map.entry(
                    "what is left of it, and the way back",
                    List.of(
                            "RevokedClientTest#revoked_whileConnected_leavesWillAndSession_asTheListenerSays",
                            "RevokedClientTest#onHold_isRefusedAndDisconnected_andLetInAgainWhenTheListNoLongerNamesIt")));

    @Test
    void table_everyWay_hasItsTests() {
        TABLE.forEach((way, tests) -> tests.forEach(test -> NamedTests.assertRuns(way, test)));
    }

    @Test
    void identity_thatThePolicyNoLongerHas_isDisconnected_andTheOthersStay(@TempDir Path folder)
            throws CannotStart, IOException {
        Forge root = Forge.root("Device Root");
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), root.server());
        Forge.write(folder.resolve("ca.pem"), Forge.pem(root.certificate));
        Forge.Holder lost = root.leaf("lost").make();
        try (TlsHouse house = new TlsHouse(folder, """
                  devices:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem}
                    login: certificate
                """.indent(2));
                TlsClient goes = TlsClient.connect(lost, house.port("devices"), "TLSv1.3");
                TlsClient stays = TlsClient.connect(root.leaf("kept").make(), house.port("devices"), "TLSv1.3")) {
            goes.in("lost");
            stays.in("kept");

            Forge.write(folder.resolve("policies/main.yaml"), """
                    version: 1
                    roles:
                      device: {publish: ["t/#", "will/#"], subscribe: ["t/#", "will/#"]}
                    users: {kept: [device]}
                    """);

            assertThat(goes.awaitDisconnect()).isEqualTo(0x87);
            assertThat(house.awaitAudit(0, "ended", "cause", "policy")).containsEntry("client", "lost");
            assertThat(stays.isAlive()).isTrue();
            try (TlsClient again = TlsClient.connect(lost, house.port("devices"), "TLSv1.3")) {
                again.send(TlsClient.mqttConnect("lost", 5));
                byte[] answer = again.packet();
                assertThat(answer).isNotNull();
                assertThat(answer[0]).isEqualTo((byte) TlsClient.CONNACK);
                assertThat(answer[2] & 0xFF).isEqualTo(0x87);
            }
        }
    }
}
