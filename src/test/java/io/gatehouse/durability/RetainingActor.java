package io.gatehouse.durability;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Sets and takes away one retained message, version after version. */
final class RetainingActor extends Actor {
    private final String topic;
    /** What each operation left: a payload, or nothing. Guarded by itself, as the two numbers are. */
    private final List<String> operations = new ArrayList<>(List.of(""));

    private int acknowledged;
    private int sent;
    private int lastId;

    RetainingActor(int number, KilledBroker broker, Ledger ledger, long seed) {
        super("retainer-" + number, broker, ledger, seed);
        this.topic = "r/" + number;
    }

    String topic() {
        return topic;
    }

    /** The operation that was acknowledged last. */
    int acknowledged() {
        synchronized (operations) {
            return acknowledged;
        }
    }

    /**
     * Whether what a new subscriber found can be: as an operation left it that is not older than the one acknowledged before it
     * looked.
     */
    void check(int before, String found) {
        synchronized (operations) {
            ledger.retainedChecked.incrementAndGet();
            List<String> possible = operations.subList(before, sent + 1);
            if (!possible.contains(found)) {
                ledger.wrong(topic + ": \"" + found + "\" is retained, of the possible " + possible
                        + "; it was operation " + operations.lastIndexOf(found) + " of " + sent);
            }
        }
    }

    @Override
    boolean live() throws IOException {
        try (Line line = broker.connect()) {
            line.connect(getName(), true, 0, 100);
            if (line.next().reason() != 0) {
                throw new IOException("not admitted");
            }
            while (true) {
                if (isFinishing()) {
                    line.disconnect();
                    return true;
                }
                pause(1, 30);
                String payload = random.nextInt(5) == 0 ? "" : "version " + (sent + 1);
                synchronized (operations) {
                    operations.add(payload);
                    sent++;
                }
                lastId = lastId % 65_535 + 1;
                line.publish(topic, payload, 1, lastId, false, true, 0);
                Line.Packet answer = line.next();
                if (answer.type() != Line.PUBACK) {
                    throw new IOException("told " + answer);
                }
                if (answer.reason() < 0x80) {
                    synchronized (operations) {
                        acknowledged = sent;
                    }
                } else {
                    ledger.refused.incrementAndGet();
                }
            }
        }
    }
}
