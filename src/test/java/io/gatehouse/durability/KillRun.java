package io.gatehouse.durability;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Kills the broker again and again under a mixed load, lets everybody finish, and compares. One thread drives; the actors have
 * theirs.
 */
final class KillRun {
    private final Path folder;
    private final String storage;
    private final boolean powerCuts;
    private final long seed;
    private final Ledger ledger = new Ledger();
    private final List<Actor> actors = new ArrayList<>();
    private final List<SubscribingActor> subscribers = new ArrayList<>();
    private final List<RetainingActor> retainers = new ArrayList<>();

    /**
     * @param powerCuts whether what was not synced is lost with the broker; needs root
     */
    KillRun(Path folder, String storage, boolean powerCuts, long seed) {
        this.folder = folder;
        this.storage = storage;
        this.powerCuts = powerCuts;
        this.seed = seed;
    }

    /** What came of it: figures for the reader, and everything that was wrong. */
    record Outcome(String figures, List<String> wrongs) {}

    Outcome run(int cycles) throws Exception {
        Random random = new Random(seed);
        try (KilledBroker broker = new KilledBroker(folder, storage)) {
            if (powerCuts) {
                assumeTrue(
                        broker.onADiskOfItsOwn(), "SKIPPED: a disk whose power can be cut needs root, ext4 and loop");
            }
            cast(broker, random);
            broker.start();
            for (SubscribingActor subscriber : subscribers) {
                subscriber.subscribe();
            }
            actors.forEach(Thread::start);
            for (int cycle = 0; cycle < cycles; cycle++) {
                actors.forEach(Actor::alive);
                // now and then at once, mostly in the midst of work
                int lifeMillis = random.nextInt(10) == 0 ? random.nextInt(60) : 100 + random.nextInt(1900);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(lifeMillis));
                broker.kill();
                broker.start();
                retained(broker);
                if (!ledger.wrongs().isEmpty()) {
                    break; // what follows would only be its consequence
                }
            }
            actors.forEach(Actor::alive);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1500));
            finish();
            return outcome(broker, cycles);
        }
    }

    private void cast(KilledBroker broker, Random random) {
        List<Map<String, Integer>> filters = List.of(
                Map.of("k/#", 2), Map.of("k/+/1", 1), Map.of("k/0/#", 2), Map.of("k/1/#", 1, "k/+/2", 2, "k/+/3", 1));
        for (int i = 0; i < filters.size(); i++) {
            subscribers.add(new SubscribingActor(i, filters.get(i), broker, ledger, random.nextLong()));
        }
        for (int i = 0; i < 3; i++) {
            actors.add(new PublishingActor(i, broker, ledger, random.nextLong()));
            retainers.add(new RetainingActor(i, broker, ledger, random.nextLong()));
        }
        for (int i = 0; i < 2; i++) {
            actors.add(new ChurningActor(i, broker, ledger, random.nextLong()));
        }
        actors.add(new ExpiringActor(0, broker, ledger, random.nextLong()));
        actors.addAll(retainers);
        actors.addAll(subscribers);
    }

    /** What a new subscriber finds retained. */
    private void retained(KilledBroker broker) throws IOException {
        List<Integer> before =
                retainers.stream().map(RetainingActor::acknowledged).toList();
        try (Line line = broker.connect()) {
            line.connect("retained-reader", true, 0, 1_000);
            if (line.next().reason() != 0) {
                throw new IOException("not admitted");
            }
            line.subscribe(1, "r/#", 1);
            Map<String, String> found = new HashMap<>();
            takeUntil(line, Line.SUBACK, found);
            line.ping(); // what is retained comes right behind the SUBACK; what is published meanwhile never ends
            takeUntil(line, Line.PINGRESP, found);
            for (int i = 0; i < retainers.size(); i++) {
                retainers
                        .get(i)
                        .check(
                                before.get(i),
                                found.getOrDefault(retainers.get(i).topic(), ""));
            }
        }
    }

    private static void takeUntil(Line line, int type, Map<String, String> found) throws IOException {
        for (Line.Packet packet = line.next(); packet.type() != type; packet = line.next()) {
            if (packet.type() == Line.PUBLISH) {
                found.put(packet.topic(), packet.payload());
                if (packet.qos() == 1) {
                    line.acknowledge(Line.PUBACK, packet.id());
                }
            }
        }
    }

    /** Publishers first, so that what they were promised is known; then the others, when nothing comes any more. */
    private void finish() throws InterruptedException {
        for (Actor actor : actors) {
            if (!(actor instanceof SubscribingActor)) {
                actor.finish();
            }
        }
        for (Actor actor : actors) {
            if (!(actor instanceof SubscribingActor)) {
                end(actor);
            }
        }
        subscribers.forEach(Actor::finish);
        for (SubscribingActor subscriber : subscribers) {
            end(subscriber);
        }
    }

    private void end(Actor actor) throws InterruptedException {
        // where something is wrong already, some may wait for ever for what is lost
        actor.join(TimeUnit.SECONDS.toMillis(ledger.wrongs().isEmpty() ? 300 : 10));
        if (actor.isAlive()) {
            ledger.wrong(actor.getName() + " does not come to its end");
        }
    }

    private Outcome outcome(KilledBroker broker, int cycles) throws IOException {
        List<String> wrongs = new ArrayList<>(ledger.wrongs());
        int lost = 0;
        int twice = 0;
        for (SubscribingActor subscriber : subscribers) {
            List<String> missing = ledger.lost(subscriber);
            List<String> again = ledger.twice(subscriber);
            lost += missing.size();
            twice += again.size();
            if (!missing.isEmpty()) {
                wrongs.add(subscriber.session() + " never had " + missing.size() + " acknowledged messages, such as "
                        + missing.subList(0, Math.min(5, missing.size())));
            }
            if (!again.isEmpty()) {
                wrongs.add(subscriber.session() + " had messages of QoS 2 twice: "
                        + again.subList(0, Math.min(5, again.size())));
            }
        }
        if (!wrongs.isEmpty()) {
            wrongs.add("the broker's last words: " + broker.tail());
        }
        String figures =
                ("%d %s, seed %d, storage %s: %d messages acknowledged, %d lost, %d of QoS 2 delivered twice (of %d"
                                + " deliveries); %d refused; checked: %d sessions present, %d takeovers, %d subscriptions, %d retained,"
                                + " %d expiries; wrong: %d")
                        .formatted(
                                cycles,
                                powerCuts ? "power cuts" : "kills",
                                seed,
                                storage,
                                ledger.acknowledgedCount(),
                                lost,
                                twice,
                                ledger.receiptCount(),
                                ledger.refused.get(),
                                ledger.sessionsChecked.get(),
                                ledger.takeovers.get(),
                                ledger.subscriptionsChecked.get(),
                                ledger.retainedChecked.get(),
                                ledger.expiriesChecked.get(),
                                wrongs.size());
        return new Outcome(figures, wrongs);
    }
}
