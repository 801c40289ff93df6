package io.gatehouse.durability;

import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A persistent session that is there, away, and taken over in turn, and keeps its part of the QoS 2 exchange as a client with a disk
 * would.
 */
final class SubscribingActor extends Actor implements Ledger.Subscription {
    private final Map<String, Integer> filters = new LinkedHashMap<>();
    private final Set<Integer> unreleased = new HashSet<>();
    private boolean hadSession;
    private boolean subscribed;

    SubscribingActor(int number, Map<String, Integer> filters, KilledBroker broker, Ledger ledger, long seed) {
        super("subscriber-" + number, broker, ledger, seed);
        this.filters.putAll(filters);
    }

    @Override
    public String session() {
        return getName();
    }

    @Override
    public boolean matches(String topic) {
        return qos(topic) >= 0;
    }

    @Override
    public int qos(String topic) {
        return filters.entrySet().stream()
                .filter(filter -> matches(filter.getKey(), topic))
                .mapToInt(Map.Entry::getValue)
                .max()
                .orElse(-1);
    }

    private static boolean matches(String filter, String topic) {
        return topic.matches(filter.replace("/#", "(/.*)?").replace("+", "[^/]*"));
    }

    /** Makes the session and its subscriptions before anybody publishes. */
    void subscribe() throws IOException {
        try (Line line = open(false)) {
            int id = 0;
            for (Map.Entry<String, Integer> filter : filters.entrySet()) {
                line.subscribe(++id, filter.getKey(), filter.getValue());
                Line.Packet answer = line.next();
                if (answer.type() != Line.SUBACK || answer.reason() > 2) {
                    throw new IOException("not subscribed: " + answer);
                }
            }
            subscribed = true;
        }
    }

    private Line open(boolean takeover) throws IOException {
        Line line = broker.connect();
        line.connect(getName(), false, 86_400, 1 + random.nextInt(50));
        Line.Packet answer = line.next();
        if (answer.type() != Line.CONNACK || answer.reason() != 0) {
            line.close();
            throw new IOException("not admitted: " + answer);
        }
        ledger.sessionsChecked.incrementAndGet();
        if (takeover) {
            ledger.takeovers.incrementAndGet();
        }
        if (hadSession && !answer.present()) {
            ledger.wrong(getName() + ": its session is gone" + (subscribed ? ", and its subscriptions with it" : ""));
        }
        hadSession = true;
        return line;
    }

    @Override
    boolean live() throws IOException {
        Line line = open(false);
        try {
            while (true) {
                boolean quiet = listen(line, isFinishing() ? 1_000 : 50 + random.nextInt(800));
                if (isFinishing()) {
                    if (quiet && ledger.quietNanos() > 4_000_000_000L) {
                        return true;
                    }
                } else if (random.nextInt(3) == 0) {
                    Line next = open(true); // the old connection is not closed: it is taken over
                    line.close();
                    line = next;
                } else if (random.nextInt(3) == 0) {
                    if (random.nextBoolean()) {
                        line.disconnect();
                    }
                    line.close();
                    pause(20, 400);
                    line = open(false);
                }
            }
        } finally {
            line.close();
        }
    }

    /** Takes what comes for a while; whether nothing came. */
    private boolean listen(Line line, int millis) throws IOException {
        long until = System.nanoTime() + millis * 1_000_000L;
        boolean quiet = true;
        while (true) {
            int left = (int) ((until - System.nanoTime()) / 1_000_000L);
            Line.Packet packet = left <= 0 ? null : line.poll(left);
            if (packet == null) {
                return quiet;
            }
            quiet = false;
            take(line, packet);
        }
    }

    private void take(Line line, Line.Packet packet) throws IOException {
        switch (packet.type()) {
            case Line.PUBLISH -> {
                if (packet.qos() < 2) {
                    ledger.received(getName(), packet.payload());
                    if (packet.qos() == 1) {
                        line.acknowledge(Line.PUBACK, packet.id());
                    }
                } else {
                    if (unreleased.add(packet.id())) {
                        ledger.received(getName(), packet.payload());
                    } else if (!packet.dup()) {
                        ledger.wrong(getName() + ": identifier " + packet.id() + " was used again before its PUBREL");
                    }
                    line.acknowledge(Line.PUBREC, packet.id());
                }
            }
            case Line.PUBREL -> {
                unreleased.remove(packet.id());
                line.acknowledge(Line.PUBCOMP, packet.id());
            }
            default -> throw new IOException("told " + packet);
        }
    }
}
