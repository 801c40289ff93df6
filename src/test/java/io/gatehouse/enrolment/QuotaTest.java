package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import io.gatehouse.enrolment.EstClient.Answer;
import io.gatehouse.enrolment.RenewalTopicsTest.Device;
import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.TestRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How many certificates devices get, a day and a minute, over EST and MQTT together, and who hears of it. */
class QuotaTest {
    @TempDir
    private Path temp;

    private static EstClient client(EstHouse house) throws Exception {
        return new EstClient(house.tls(null), house.estPort());
    }

    private static Answer enrol(EstHouse house, String id) throws Exception {
        return client(house).enrol(id, house.token(id), TestRequest.of(id).der());
    }

    private static void refused(EstHouse house, String id, String detail) throws Exception {
        Answer answer = enrol(house, id);
        assertThat(answer.status()).as(answer.body()).isEqualTo(429);
        assertThat(answer.head()).containsIgnoringCase("retry-after: ");
        assertThat(answer.body()).isEqualTo("quota: " + detail + "\n");
        house.awaitAudit("quota", id);
        assertThat(house.enrolments("quota")).isPositive();
    }

    private long alarms() throws Exception {
        return Files.readAllLines(temp.resolve("audit.jsonl")).stream()
                .filter(line -> line.contains("\"what\":\"enrolment_quota\""))
                .count();
    }

    @Test
    void certificatesOfADay_areCountedAndLimited_overBothWays_andAnAlarmComesBefore() throws Exception {
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n  per_day: 4\n")) {
            for (int i = 1; i <= 3; i++) {
                assertThat(enrol(house, "pump-" + i).status()).isEqualTo(200);
                house.awaitAudit("granted", "pump-" + i);
            }
            assertThat(alarms()).isZero();
            assertThat(enrol(house, "pump-4").status()).isEqualTo(200); // 80 % of four, rounded up
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(alarms()).isOne());
            assertThat(house.broker().metricsText()).contains("gatehouse_enrolments_today 4");
            Map<String, Object> alarm = Json.object(Files.readAllLines(temp.resolve("audit.jsonl")).stream()
                    .filter(line -> line.contains("enrolment_quota"))
                    .findFirst()
                    .orElseThrow());
            assertThat(alarm)
                    .containsEntry("event", "broker")
                    .hasEntrySatisfying("issued", issued -> assertThat(issued).hasToString("4"))
                    .hasEntrySatisfying("per_day", most -> assertThat(most).hasToString("4"));

            refused(house, "pump-5", "more than 4 certificates a day");
            Device old = Device.of(house, "pump-9", Duration.ofDays(50));
            Mqtt5BlockingClient mqtt = old.client5("nine");
            mqtt.connect();
            assertThat(RenewalTopicsTest.refusal(RenewalTopicsTest.ask(
                                    mqtt, "pump-9", TestRequest.of("pump-9").der())
                            .getPayloadAsBytes()))
                    .containsEntry("code", "quota");
            mqtt.disconnect();
            assertThat(Authority.view(house.pki).byId("pump-5")).isEmpty();
            assertThat(Authority.view(house.pki).byId("pump-9")).hasSize(1);
        }
        // the journal knows it, and who looks at the figures after a restart does
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n  per_day: 4\n")) {
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(
                            () -> assertThat(house.broker().metricsText()).contains("gatehouse_enrolments_today 4"));
        }
        assertThat(alarms()).isEqualTo(2);
    }

    @Test
    void certificatesOfAMinute_areLimited() throws Exception {
        try (EstHouse house = new EstHouse(temp, "  embedded: true\n  per_minute: 2\n")) {
            assertThat(enrol(house, "pump-1").status()).isEqualTo(200);
            assertThat(enrol(house, "pump-2").status()).isEqualTo(200);
            refused(house, "pump-3", "more than 2 certificates a minute");
        }
    }
}
