package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.enrolment.EstHouse;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Issued;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What only a client is told that logs in with a certificate of the broker's own authority. */
@Conformance(Specification.MQTT_5)
class Mqtt5CertificateTest {
    @TempDir
    private Path folder;

    @Test
    @Statement({"MQTT-3.2.2-20", "MQTT-3.1.2-24"})
    void mqtt_3_2_2_20_hintsThatMakeConnackTooLarge_areLeftOut() throws Exception {
        try (EstHouse house = new EstHouse(folder, "  embedded: true\n")) {
            SSLContext tls = login(house);
            assertThat(connAck(house, tls, 65_536).users()).hasSize(3);
            for (int maximum : new int[] {60, 100, 150, 200, 500}) {
                Received answer = connAck(house, tls, maximum);
                assertThat(answer.sizeBytes()).isLessThanOrEqualTo(maximum);
                assertThat(answer.has(Props.USER_PROPERTY)).isFalse();
            }
        }
    }

    private static SSLContext login(EstHouse house) throws Exception {
        try (Authority authority = house.authority()) {
            Issued own = authority.issueDevice("pump-1", Duration.ofDays(90));
            KeyPair pair =
                    new KeyPair(own.certificate().getPublicKey(), own.key().orElseThrow());
            return house.tls(pair, own.certificate(), own.issuer());
        }
    }

    private static Received connAck(EstHouse house, SSLContext tls, int maximum) throws Exception {
        Connect connect =
                Connect.v5("pump-1").user(null, null).with(Props.none().u32(Props.MAXIMUM_PACKET_SIZE, maximum));
        try (RawClient client = new RawClient(tls.getSocketFactory().createSocket("localhost", house.mqttPort()), 5)) {
            return client.send(connect.bytes()).admitted().connAck();
        }
    }
}
