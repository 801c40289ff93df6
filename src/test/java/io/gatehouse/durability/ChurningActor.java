package io.gatehouse.durability;

import java.io.IOException;

/**
 * Subscribes and unsubscribes, and after each break finds out whether the broker still knows what it acknowledged last: publishes to
 * its own topic and sees whether it comes back.
 */
final class ChurningActor extends Actor {
    private final String topic;
    private boolean hadSession;
    /** What was acknowledged last; null while a request is unanswered. */
    private @org.jspecify.annotations.Nullable Boolean subscribed = false;

    private boolean wanted;
    private int lastId;
    private long probe;

    ChurningActor(int number, KilledBroker broker, Ledger ledger, long seed) {
        super("churn-" + number, broker, ledger, seed);
        this.topic = "c/" + number + "/x";
    }

    @Override
    boolean live() throws IOException {
        try (Line line = broker.connect()) {
            line.connect(getName(), false, 86_400, 100);
            Line.Packet answer = line.next();
            if (answer.type() != Line.CONNACK || answer.reason() != 0) {
                throw new IOException("not admitted: " + answer);
            }
            ledger.sessionsChecked.incrementAndGet();
            if (hadSession && !answer.present()) {
                ledger.wrong(getName() + ": its session is gone");
                subscribed = false;
            }
            hadSession = true;
            if (subscribed == null) {
                request(line, wanted);
            }
            while (true) {
                probe(line);
                if (isFinishing()) {
                    line.disconnect();
                    return true;
                }
                pause(1, 80);
                request(line, !Boolean.TRUE.equals(subscribed));
            }
        }
    }

    private void request(Line line, boolean subscribe) throws IOException {
        wanted = subscribe;
        subscribed = null;
        int id = nextId();
        if (subscribe) {
            line.subscribe(id, topic, 1);
        } else {
            line.unsubscribe(id, topic);
        }
        while (true) {
            Line.Packet packet = line.next();
            if (packet.type() == Line.PUBLISH) {
                line.acknowledge(Line.PUBACK, packet.id()); // a probe of before, from the queue
            } else if ((packet.type() == Line.SUBACK || packet.type() == Line.UNSUBACK) && packet.id() == id) {
                subscribed = subscribe;
                return;
            }
        }
    }

    private void probe(Line line) throws IOException {
        boolean expected = Boolean.TRUE.equals(subscribed);
        String payload = getName() + "-" + ++probe;
        int id = nextId();
        line.publish(topic, payload, 1, id, false, false, 0);
        boolean heard = false;
        boolean answered = false;
        boolean pinged = false;
        while (!answered || !pinged || expected && !heard) {
            Line.Packet packet = line.next();
            switch (packet.type()) {
                case Line.PUBLISH -> {
                    line.acknowledge(Line.PUBACK, packet.id());
                    heard |= packet.payload().equals(payload);
                }
                case Line.PUBACK -> {
                    if (packet.reason() >= 0x80) {
                        ledger.refused.incrementAndGet();
                        return;
                    }
                    answered = true;
                    line.ping();
                }
                case Line.PINGRESP -> {
                    pinged = true;
                    if (expected && !heard) {
                        late(line, payload);
                        heard = true;
                    }
                }
                default -> throw new IOException("told " + packet);
            }
        }
        ledger.subscriptionsChecked.incrementAndGet();
        if (!expected && heard) {
            ledger.wrong(getName() + ": it was unsubscribed, and hears");
        }
    }

    /** It may come a moment after the acknowledgement, and has to come. */
    private void late(Line line, String payload) throws IOException {
        while (true) {
            Line.Packet packet = line.poll(20_000);
            if (packet == null) {
                ledger.wrong(getName() + ": it is subscribed, and does not hear " + payload);
                return;
            }
            if (packet.type() == Line.PUBLISH) {
                line.acknowledge(Line.PUBACK, packet.id());
                if (packet.payload().equals(payload)) {
                    return;
                }
            }
        }
    }

    private int nextId() {
        lastId = lastId % 65_535 + 1;
        return lastId;
    }
}
