package io.gatehouse.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Qos;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SysTopicsTest {
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final List<Message> published = new ArrayList<>();
    private final SysTopics topics = new SysTopics("gatehouse 1", published::add);

    @Test
    void publish_firstTime_tellsEveryTopicRetainedWithQos2() {
        topics.publish(figures(0, 0), INTERVAL);

        assertThat(published).hasSize(2 + 27 + 27);
        assertThat(published).allMatch(Message::retain).allMatch(message -> message.qos() == Qos.EXACTLY_ONCE);
        assertThat(values())
                .containsEntry("$SYS/broker/version", "gatehouse 1")
                .containsEntry("$SYS/broker/uptime", "0 seconds")
                .containsEntry("$SYS/broker/clients/connected", "0")
                .containsEntry("$SYS/broker/retained messages/count", "0")
                .containsEntry("$SYS/broker/load/messages/received/1min", "0.00");
    }

    @Test
    void publish_unchanged_tellsTheUptimeOnly() {
        topics.publish(figures(0, 0), INTERVAL);
        published.clear();

        topics.publish(figures(10, 0), INTERVAL);

        assertThat(values()).containsOnly(Map.entry("$SYS/broker/uptime", "10 seconds"));
    }

    @Test
    void publish_changed_tellsTheChange() {
        topics.publish(figures(0, 0), INTERVAL);
        published.clear();

        topics.publish(figures(10, 100), INTERVAL);

        assertThat(values())
                .containsEntry("$SYS/broker/messages/received", "100")
                // 100 in 10 s is 600 a minute; one step of 10 s into a window of 60 s
                .containsEntry("$SYS/broker/load/messages/received/1min", "92.11")
                .doesNotContainKey("$SYS/broker/messages/sent");
    }

    @Test
    void loadAverage_steadyRate_approachesIt() {
        LoadAverage average = new LoadAverage(1);
        double value = 0;
        for (int step = 1; step <= 100; step++) {
            value = average.after(10, step * 50L);
        }
        assertThat(value).isCloseTo(300, within(0.01));
    }

    private Map<String, String> values() {
        return published.stream()
                .collect(Collectors.toMap(
                        message -> message.topic().text(),
                        message -> new String(message.payload().bytes(), StandardCharsets.US_ASCII)));
    }

    private static Figures figures(long uptime, long received) {
        return new Figures(uptime, 0, 0, 0, 0, received, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
}
