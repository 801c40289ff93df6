package io.gatehouse.transport;

import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.TopicName;
import java.util.HashMap;
import java.util.Map;

/**
 * The topic aliases of the way out: the first topics of a connection get them, up to what the client takes
 * [MQTT-3.1.2-26]. Confined to the connection's event loop, where packets are encoded in the order they leave.
 */
final class OutgoingAliases {
    private final int maximum;
    private final Map<TopicName, Integer> aliases = new HashMap<>();

    OutgoingAliases(int maximum) {
        this.maximum = maximum;
    }

    /** The packet with an alias: with the topic when it is told first, without it from then on. */
    Packet.Publish applied(Packet.Publish publish) {
        TopicName topic = publish.topic();
        if (topic == null) {
            return publish;
        }
        Integer known = aliases.get(topic);
        if (known == null && aliases.size() == maximum) {
            return publish;
        }
        int alias = known == null ? aliases.size() + 1 : known;
        return new Packet.Publish(
                publish.dup(),
                publish.packetId(),
                known == null ? topic : null,
                alias,
                publish.qos(),
                publish.retain(),
                publish.properties(),
                publish.subscriptionIdentifiers(),
                publish.payload());
    }

    /** The packet left: from now on the client knows the alias. One that was dropped teaches it nothing. */
    void sent(Packet.Publish publish) {
        if (publish.topic() != null && publish.topicAlias() != 0) {
            aliases.put(publish.topic(), publish.topicAlias());
        }
    }
}
