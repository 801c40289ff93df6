package io.gatehouse.interop;

import static io.gatehouse.interop.InteropHouse.received;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.interop.Running.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The broker ends where it stands, and what it acknowledged to mosquitto's clients is there when it is back. */
class KillTest {
    private static final String TEMPERATURE = "home/greenhouse/temperature";

    private static InteropHouse house;

    @BeforeAll
    static void build() {
        house = new InteropHouse();
    }

    @AfterAll
    static void clear() {
        if (house != null) {
            house.close();
        }
    }

    @Test
    void kill_afterTheAcknowledgements_losesNothing() {
        // -E: subscribes, and goes when that is acknowledged; -c: its session stays
        assertThat(house.subscribe(house.device("phone"), "home/#", "-i", "phone", "-c", "-q", "2", "-E")
                        .exit())
                .isZero();
        for (int qos = 1; qos <= 2; qos++) {
            List<String> more = List.of("-q", Integer.toString(qos), "-m", "qos " + qos);
            Outcome outcome = house.publish(house.device("greenhouse"), TEMPERATURE, more.toArray(String[]::new));
            assertThat(outcome.exit()).as(outcome.err()).isZero();
        }
        Outcome many = house.publish(
                house.device("greenhouse"), TEMPERATURE, "-q", "2", "--repeat", "200", "-m", "again and again");
        assertThat(many.exit()).as(many.err()).isZero();
        house.publish(house.device("greenhouse"), TEMPERATURE, "-q", "2", "-r", "-m", "retained");

        house.killAndRestartBroker();

        Outcome heard = house.subscribe(
                house.device("phone"), "home/#", "-i", "phone", "-c", "-q", "2", "-C", "204", "-W", "30");
        List<String> lines = heard.lines().stream()
                .filter(line -> line.startsWith(TEMPERATURE))
                .toList();
        assertThat(lines).as(house.brokerOutput()).hasSize(204);
        assertThat(lines.subList(0, 2)).containsExactly(TEMPERATURE + "|1|0|qos 1", TEMPERATURE + "|2|0|qos 2");
        assertThat(lines.subList(2, 202))
                .isEqualTo(IntStream.range(0, 200)
                        .mapToObj(i -> TEMPERATURE + "|2|0|again and again")
                        .toList());
        assertThat(lines.subList(202, 204))
                .containsExactly(TEMPERATURE + "|2|0|retained", TEMPERATURE + "|2|1|retained");
        try (Running fresh = house.listen(house.device("phone"), "home/#", "-q", "1")) {
            await().atMost(Duration.ofSeconds(20)).until(() -> received(fresh).contains(TEMPERATURE + "|1|1|retained"));
        }
    }
}
