package io.gatehouse.durability;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Publishes numbered messages of QoS 1 and 2, ten at a time, and after a break goes on with what was not acknowledged: PUBLISH
 * with DUP, or PUBREL where PUBREC had come.
 */
final class PublishingActor extends Actor {
    private static final int WINDOW = 10;

    private final int number;
    private final Map<Integer, Exchange> open = new LinkedHashMap<>();
    private boolean hadSession;
    private int lastId;
    private long sequence;

    private static final class Exchange {
        final String id;
        final String topic;
        final int qos;
        boolean released;

        Exchange(String id, String topic, int qos) {
            this.id = id;
            this.topic = topic;
            this.qos = qos;
        }
    }

    PublishingActor(int number, KilledBroker broker, Ledger ledger, long seed) {
        super("publisher-" + number, broker, ledger, seed);
        this.number = number;
    }

    @Override
    boolean live() throws IOException {
        try (Line line = broker.connect()) {
            line.connect(getName(), false, 86_400, 65_535);
            Line.Packet answer = line.next();
            if (answer.type() != Line.CONNACK || answer.reason() != 0) {
                throw new IOException("not admitted: " + answer);
            }
            ledger.sessionsChecked.incrementAndGet();
            if (hadSession && !answer.present()) {
                ledger.wrong(getName() + ": its session is gone");
                open.clear();
            }
            hadSession = true;
            for (Map.Entry<Integer, Exchange> entry : open.entrySet()) {
                Exchange exchange = entry.getValue();
                if (exchange.released) {
                    line.acknowledge(Line.PUBREL, entry.getKey());
                } else {
                    line.publish(exchange.topic, exchange.id, exchange.qos, entry.getKey(), true, false, 0);
                }
            }
            while (true) {
                while (!open.isEmpty()) {
                    answered(line, line.next());
                }
                if (isFinishing()) {
                    line.disconnect();
                    return true;
                }
                pause(1, 12);
                burst(line);
            }
        }
    }

    private void burst(Line line) throws IOException {
        for (int i = 1 + random.nextInt(WINDOW); i > 0; i--) {
            do {
                lastId = lastId % 65_535 + 1;
            } while (open.containsKey(lastId));
            Exchange exchange = new Exchange(
                    number + "-" + ++sequence, "k/" + number + "/" + random.nextInt(4), 1 + random.nextInt(2));
            open.put(lastId, exchange);
            line.publish(exchange.topic, exchange.id, exchange.qos, lastId, false, false, 0);
        }
    }

    private void answered(Line line, Line.Packet packet) throws IOException {
        Exchange exchange = open.get(packet.id());
        switch (packet.type()) {
            case Line.PUBACK, Line.PUBREC -> {
                if (exchange == null) {
                    return;
                }
                if (packet.reason() >= 0x80) {
                    ledger.refused.incrementAndGet();
                    open.remove(packet.id());
                    return;
                }
                ledger.acknowledged(exchange.id, exchange.topic, exchange.qos);
                if (packet.type() == Line.PUBACK) {
                    open.remove(packet.id());
                } else {
                    exchange.released = true;
                    line.acknowledge(Line.PUBREL, packet.id());
                }
            }
            case Line.PUBCOMP -> open.remove(packet.id());
            default -> throw new IOException("told " + packet + " with " + new ArrayList<>(open.keySet()) + " open");
        }
    }
}
