package io.gatehouse.durability;

import java.io.IOException;

/**
 * Leaves a session that lives for three seconds, and messages that live for one, and comes back when both can be known: early, when
 * the session has to be there, or late, when neither may be.
 */
final class ExpiringActor extends Actor {
    private static final int SESSION_SECONDS = 3;
    private static final int MESSAGE_SECONDS = 1;
    /** How far from a limit a moment has to be for the answer to be clear. */
    private static final double CLEAR_SECONDS = 1.8;

    private final String keeper;
    private final String topic;
    private long leftNanos;
    private boolean left;
    private boolean keeperMade;
    private long sequence;
    private long spoiledNanos;
    private long spoiledUpTo = -1;

    ExpiringActor(int number, KilledBroker broker, Ledger ledger, long seed) {
        super("expiring-" + number, broker, ledger, seed);
        this.keeper = getName() + "-keeper";
        this.topic = "e/" + number;
    }

    @Override
    boolean live() throws IOException {
        while (!isFinishing()) {
            session();
            messages();
            pause(100, random.nextBoolean() ? 600 : 6_000);
        }
        return true;
    }

    private void session() throws IOException {
        try (Line line = broker.connect()) {
            line.connect(getName(), false, SESSION_SECONDS, 100);
            double away = (System.nanoTime() - leftNanos) / 1e9;
            Line.Packet answer = line.next();
            double awayAtMost = (System.nanoTime() - leftNanos) / 1e9;
            if (answer.type() != Line.CONNACK || answer.reason() != 0) {
                left = false;
                throw new IOException("not admitted: " + answer);
            }
            if (left && away > SESSION_SECONDS + CLEAR_SECONDS) {
                ledger.expiriesChecked.incrementAndGet();
                if (answer.present()) {
                    ledger.wrong("%s: its session is there %.1f s after it left".formatted(getName(), away));
                }
            } else if (left && awayAtMost < SESSION_SECONDS - CLEAR_SECONDS) {
                ledger.expiriesChecked.incrementAndGet();
                if (!answer.present()) {
                    ledger.wrong("%s: its session is gone %.1f s after it left".formatted(getName(), awayAtMost));
                }
            }
            left = false;
            line.disconnect();
            ended(line);
            leftNanos = System.nanoTime();
            left = true;
        }
    }

    /** The broker closes after DISCONNECT: from then on the session's time runs. */
    private static void ended(Line line) throws IOException {
        try {
            line.next();
        } catch (IOException closed) {
            return;
        }
        throw new IOException("a packet after DISCONNECT");
    }

    private void messages() throws IOException {
        try (Line line = broker.connect()) {
            line.connect(keeper, false, 86_400, 100);
            Line.Packet answer = line.next();
            if (answer.type() != Line.CONNACK || answer.reason() != 0) {
                throw new IOException("not admitted: " + answer);
            }
            if (!keeperMade) {
                line.subscribe(1, topic, 1);
                keeperMade = line.next().type() == Line.SUBACK;
            }
            boolean spoiled =
                    spoiledUpTo >= 0 && (System.nanoTime() - spoiledNanos) / 1e9 > MESSAGE_SECONDS + CLEAR_SECONDS;
            for (Line.Packet packet = line.poll(100); packet != null; packet = line.poll(100)) {
                if (packet.type() == Line.PUBLISH) {
                    line.acknowledge(Line.PUBACK, packet.id());
                    // one that is sent again was in flight before it ended
                    if (spoiled && !packet.dup() && Long.parseLong(packet.payload()) <= spoiledUpTo) {
                        ledger.wrong(keeper + ": was sent " + packet.payload() + " after its time");
                    }
                }
            }
            if (spoiled) {
                ledger.expiriesChecked.incrementAndGet();
            }
            line.disconnect();
        }
        try (Line line = broker.connect()) {
            line.connect(getName() + "-sender", true, 0, 100);
            line.next();
            spoiledUpTo = ++sequence;
            line.publish(topic, String.valueOf(sequence), 1, 1, false, false, MESSAGE_SECONDS);
            spoiledNanos = System.nanoTime();
            line.next();
            spoiledNanos = System.nanoTime();
            line.disconnect();
        }
    }
}
