package io.gatehouse.protocol;

import java.util.Optional;

/** The protocol versions a CONNECT can name. */
public enum ProtocolVersion {
    MQTT_3_1("MQIsdp", 3, "3.1"),
    MQTT_3_1_1("MQTT", 4, "3.1.1"),
    MQTT_5("MQTT", 5, "5.0");

    private final String protocolName;
    private final int level;
    private final String display;

    ProtocolVersion(String protocolName, int level, String display) {
        this.protocolName = protocolName;
        this.level = level;
        this.display = display;
    }

    /** The version a CONNECT's name and level stand for, if it is one we speak. */
    public static Optional<ProtocolVersion> of(String protocolName, int level) {
        for (ProtocolVersion version : values()) {
            if (version.level == level && version.protocolName.equals(protocolName)) {
                return Optional.of(version);
            }
        }
        return Optional.empty();
    }

    public String protocolName() {
        return protocolName;
    }

    public int level() {
        return level;
    }

    public boolean isMqtt5() {
        return this == MQTT_5;
    }

    @Override
    public String toString() {
        return display;
    }
}
