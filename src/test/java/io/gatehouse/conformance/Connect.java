package io.gatehouse.conformance;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A CONNECT to send; as it stands, one that is let in. Used by one test thread. */
final class Connect {
    private final String protocol;
    private final int level;
    private final String clientId;
    private boolean cleanStart = true;
    private int keepAlive = 60;
    private Props properties = Props.none();
    private @Nullable String willTopic;
    private byte[] willPayload = new byte[0];
    private Props willProperties = Props.none();
    private int willQos;
    private boolean willRetain;
    private @Nullable String user = ConformanceHouse.USER;
    private byte @Nullable [] password = ConformanceHouse.PASSWORD.getBytes(StandardCharsets.UTF_8);
    private int moreFlags;
    private boolean kept;

    private Connect(String protocol, int level, String clientId) {
        this.protocol = protocol;
        this.level = level;
        this.clientId = clientId;
    }

    static Connect v5(String clientId) {
        return new Connect("MQTT", 5, clientId);
    }

    static Connect v311(String clientId) {
        return new Connect("MQTT", 4, clientId);
    }

    static Connect v31(String clientId) {
        return new Connect("MQIsdp", 3, clientId);
    }

    static Connect of(String protocol, int level, String clientId) {
        return new Connect(protocol, level, clientId);
    }

    int level() {
        return level;
    }

    /** Without Clean Start: Clean Session before MQTT 5.0. */
    Connect resume() {
        cleanStart = false;
        return this;
    }

    Connect keepAlive(int seconds) {
        keepAlive = seconds;
        return this;
    }

    Connect with(Props all) {
        properties = all;
        return this;
    }

    Connect expiry(long seconds) {
        properties.u32(Props.SESSION_EXPIRY, seconds);
        kept = true;
        return this;
    }

    /** Whether its session may stand in the broker's store. */
    boolean isKept() {
        return kept || !cleanStart;
    }

    Connect will(String topic, String payload) {
        willTopic = topic;
        willPayload = payload.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    Connect willQos(int qos) {
        willQos = qos;
        return this;
    }

    Connect willRetain() {
        willRetain = true;
        return this;
    }

    Connect willProps(Props all) {
        willProperties = all;
        return this;
    }

    Connect user(@Nullable String name, @Nullable String secret) {
        user = name;
        password = secret == null ? null : secret.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    /** Sets flags that the rest of the packet does not explain. */
    Connect flags(int more) {
        moreFlags |= more;
        return this;
    }

    byte[] bytes() {
        int flags = moreFlags | (cleanStart ? 2 : 0) | willQos << 3 | (willRetain ? 0x20 : 0);
        flags |= willTopic != null ? 4 : 0;
        flags |= password != null ? 0x40 : 0;
        flags |= user != null ? 0x80 : 0;
        Bytes body = new Bytes().text(protocol).u8(level).u8(flags).u16(keepAlive);
        if (level == 5) {
            body.raw(properties.done());
        }
        body.text(clientId);
        if (willTopic != null) {
            if (level == 5) {
                body.raw(willProperties.done());
            }
            body.text(willTopic).binary(willPayload);
        }
        if (user != null) {
            body.text(user);
        }
        if (password != null) {
            body.binary(password);
        }
        return body.packet(0x10);
    }
}
