package io.gatehouse.admin;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;

/**
 * The {@code $SYS} topics, by Mosquitto's names and with its semantics.
 *
 * <p>Retained, QoS 2, ASCII; published when the value changed since the last interval, the uptime at each. Who may read
 * them is the policy's business: a role has to name them. Confined to the thread of the schedule that calls {@link
 * #publish}.
 */
public final class SysTopics {
    private static final String PREFIX = "$SYS/broker/";
    private static final int[] WINDOWS_MINUTES = {1, 5, 15};

    private static final Map<String, ToLongFunction<Figures>> LOADS = loads();

    private final String version;
    private final Consumer<Message> publisher;
    private final Map<String, String> last = new HashMap<>();
    private final Map<String, LoadAverage> averages = new LinkedHashMap<>();

    /**
     * @param version what {@code $SYS/broker/version} says
     * @param publisher publishes in the name of the broker's own principal
     */
    public SysTopics(String version, Consumer<Message> publisher) {
        this.version = version;
        this.publisher = publisher;
        for (String load : LOADS.keySet()) {
            for (int minutes : WINDOWS_MINUTES) {
                averages.put("load/" + load + "/" + minutes + "min", new LoadAverage(minutes));
            }
        }
    }

    /**
     * Publishes what changed in the interval that ends now.
     *
     * @param interval since the last time; zero: there was none
     */
    public void publish(Figures now, Duration interval) {
        tell("version", version);
        publisher.accept(message("uptime", now.uptimeSeconds() + " seconds"));
        gauges(now).forEach((topic, value) -> tell(topic, Long.toString(value)));
        double seconds = interval.toMillis() / 1000.0;
        LOADS.forEach((load, total) -> {
            for (int minutes : WINDOWS_MINUTES) {
                String topic = "load/" + load + "/" + minutes + "min";
                double value =
                        java.util.Objects.requireNonNull(averages.get(topic)).after(seconds, total.applyAsLong(now));
                tell(topic, String.format(Locale.ROOT, "%.2f", value));
            }
        });
    }

    private void tell(String topic, String value) {
        if (!value.equals(last.put(topic, value))) {
            publisher.accept(message(topic, value));
        }
    }

    private static Message message(String topic, String value) {
        return Message.of(PREFIX + topic, Qos.EXACTLY_ONCE, true, Payload.of(value));
    }

    private static Map<String, Long> gauges(Figures now) {
        Map<String, Long> gauges = new LinkedHashMap<>();
        gauges.put("clients/total", now.clientsConnected() + now.clientsDisconnected());
        gauges.put("clients/maximum", now.clientsMaximum());
        gauges.put("clients/connected", now.clientsConnected());
        gauges.put("clients/active", now.clientsConnected());
        gauges.put("clients/disconnected", now.clientsDisconnected());
        gauges.put("clients/inactive", now.clientsDisconnected());
        gauges.put("clients/expired", now.clientsExpired());
        gauges.put("messages/received", now.messagesReceived());
        gauges.put("messages/sent", now.messagesSent());
        gauges.put("messages/stored", now.storedMessages());
        gauges.put("store/messages/count", now.storedMessages());
        gauges.put("store/messages/bytes", now.storedBytes());
        gauges.put("bytes/received", now.bytesReceived());
        gauges.put("bytes/sent", now.bytesSent());
        gauges.put("publish/messages/received", now.publishReceived());
        gauges.put("publish/messages/sent", now.publishSent());
        gauges.put("publish/messages/dropped", now.publishDropped());
        gauges.put("publish/bytes/received", now.publishBytesReceived());
        gauges.put("publish/bytes/sent", now.publishBytesSent());
        gauges.put("subscriptions/count", now.subscriptions());
        gauges.put("shared_subscriptions/count", now.sharedSubscriptions());
        gauges.put("retained messages/count", now.retainedMessages());
        gauges.put("packet/out/count", now.messagesSent());
        gauges.put("packet/out/bytes", now.bytesSent());
        gauges.put("connections/socket/count", now.socketsOpen());
        gauges.put("heap/current", now.heapBytes());
        gauges.put("heap/maximum", now.heapMaximumBytes());
        return gauges;
    }

    private static Map<String, ToLongFunction<Figures>> loads() {
        Map<String, ToLongFunction<Figures>> loads = new LinkedHashMap<>();
        loads.put("messages/received", Figures::messagesReceived);
        loads.put("messages/sent", Figures::messagesSent);
        loads.put("publish/dropped", Figures::publishDropped);
        loads.put("publish/received", Figures::publishReceived);
        loads.put("publish/sent", Figures::publishSent);
        loads.put("bytes/received", Figures::bytesReceived);
        loads.put("bytes/sent", Figures::bytesSent);
        loads.put("sockets", Figures::connectionsAccepted);
        loads.put("connections", Figures::logins);
        return java.util.Collections.unmodifiableMap(loads);
    }
}
