package io.gatehouse.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/**
 * I16: no message is delivered that the policy denies to its client at the time of delivery. I17: none is lost that a
 * permitted subscriber should get because another may not.
 *
 * <p>A model test at the sockets: a random sequence of subscribe, unsubscribe, publish, retain, disconnect, reconnect,
 * takeover, reload and authentication anew by clients of MQTT 3.1.1 and 5.0, with sessions that are kept, wills, messages in
 * flight and share groups, against a broker; after every step, what every client has heard is compared with what {@link
 * ModelPolicy} says it must. A failure names its seed: {@code -Dseed=N} repeats it. {@code -Dgatehouse.model.steps=N} makes
 * the sequence longer.
 */
class InterleavingTest {
    private static final int STEPS = Integer.getInteger("gatehouse.model.steps", 250);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Map<String, Left> retained = new HashMap<>();
    private final List<Actor> actors = new ArrayList<>();
    private final List<String> history = new ArrayList<>();
    private Random random = new Random();
    private LiveBroker broker;
    private ModelPolicy policy;
    private int number;

    /** A retained message: whose it is, by the session that left it. */
    private record Left(String payload, int qos, Holder publisher) {}

    /** The role that a session's rights come from: what its last connection had. */
    private static final class Holder {
        private String role;

        Holder(String role) {
            this.role = role;
        }
    }

    /** A message that waits or is in flight: by any of which filters, all of them granted when it was taken. */
    private record Waiting(String text, Set<String> filters) {}

    /** One client and its session as they should be. */
    private static final class Actor {
        final String id;
        final String user;
        final int level;
        /** In share groups, without a session that outlives its connection; else by filters of its own, with one. */
        final boolean shares;

        Holder holder;
        final Map<String, Integer> filters = new LinkedHashMap<>();
        final List<Waiting> waiting = new ArrayList<>();

        @Nullable
        Mqtt client;

        boolean silent;

        @Nullable
        String will;

        final List<String> heard = new ArrayList<>();

        Actor(String id, String user, int level, boolean shares) {
            this.id = id;
            this.user = user;
            this.level = level;
            this.shares = shares;
            this.holder = new Holder(user);
        }

        boolean isToken() {
            return user.equals("tom");
        }
    }

    @RepeatedTest(2)
    void anySequence_deliversWhatThePolicyPermits_andAllOfIt(@TempDir Path folder) {
        long seed = Long.getLong("seed", System.nanoTime());
        random = new Random(seed);
        policy = new ModelPolicy(random);
        try (LiveBroker live = new LiveBroker(folder, policy.yaml(), "sys: {interval: 0s}")) {
            broker = live;
            actors.add(new Actor("ann-keeps", "ann", 5, false));
            actors.add(new Actor("bob-keeps", "bob", 4, false));
            actors.add(new Actor("dan-keeps", "dan", 5, false));
            actors.add(new Actor("tom-keeps", "tom", 5, false));
            actors.add(new Actor("ann-shares", "ann", 4, true));
            actors.add(new Actor("cat-shares", "cat", 5, true));
            actors.add(new Actor("tom-shares", "tom", 5, true));
            actors.forEach(actor -> connect(actor, false));
            for (int i = 0; i < STEPS; i++) {
                step();
            }
            System.out.println("model: seed " + seed + ", " + STEPS + " steps, " + number + " messages");
        } catch (AssertionError e) {
            int from = Math.max(0, history.size() - 40);
            throw new AssertionError(
                    "seed " + seed + ", step " + history.size() + "\n"
                            + String.join("\n", history.subList(from, history.size())) + "\n" + policy.yaml(),
                    e);
        }
    }

    private void step() {
        Actor actor = actors.get(random.nextInt(actors.size()));
        int what = random.nextInt(100);
        if (actor.client == null) {
            connect(actor, false);
        } else if (what < 20) {
            subscribe(actor);
        } else if (what < 24) {
            unsubscribe(actor);
        } else if (what < 68) {
            publish(actor);
        } else if (what < 76) {
            reload();
        } else if (what < 86 && actor.isToken()) {
            reauthenticate(actor);
        } else if (what < 88) {
            connect(actor, true);
        } else {
            disconnect(actor);
        }
    }

    private void did(String what) {
        history.add(history.size() + ": " + what);
    }

    // steps

    private void subscribe(Actor actor) {
        String filter = (actor.shares ? "$share/g/" : "") + ModelPolicy.filter(random);
        int qos = random.nextInt(3);
        boolean granted = policy.grants(actor.holder.role, filter);
        did(actor.id + " subscribes to " + filter + " qos " + qos + (granted ? "" : ", refused"));
        int reason = client(actor).subscribe(filter, qos);
        assertThat(reason).as("SUBACK").isEqualTo(granted ? qos : actor.level == 5 ? 0x87 : 0x80);
        if (granted) {
            actor.filters.put(filter, qos);
            if (!actor.shares) {
                replay(actor, filter, qos);
            }
        }
        verify(List.of());
    }

    private void replay(Actor actor, String filter, int qos) {
        retained.forEach((topic, left) -> {
            if (ModelPolicy.matches(filter, topic)
                    && policy.mayReceive(actor.holder.role, topic)
                    && policy.mayPublish(left.publisher.role, topic)) {
                take(actor, topic + " " + left.payload, Math.min(qos, left.qos), Set.of(filter));
            }
        });
    }

    private void unsubscribe(Actor actor) {
        if (actor.filters.isEmpty()) {
            return;
        }
        List<String> all = List.copyOf(actor.filters.keySet());
        String filter = all.get(random.nextInt(all.size()));
        did(actor.id + " unsubscribes from " + filter);
        assertThat(client(actor).unsubscribe(filter)).as("UNSUBACK").isZero();
        actor.filters.remove(filter);
        verify(List.of());
    }

    private void publish(Actor actor) {
        String topic = ModelPolicy.TOPICS.get(random.nextInt(ModelPolicy.TOPICS.size()));
        int qos = random.nextInt(3);
        boolean retain = random.nextInt(3) == 0;
        String payload = retain && random.nextInt(4) == 0 ? "" : "m" + ++number;
        boolean allowed = policy.mayPublish(actor.holder.role, topic);
        did(actor.id + " publishes " + topic + " " + payload + " qos " + qos + (retain ? " retained" : "")
                + (allowed ? "" : ", refused"));
        int reason = client(actor).publish(topic, payload, qos, retain);
        if (allowed) {
            assertThat(reason).as("PUBACK").isIn(0, 0x10);
        } else if (qos > 0) {
            assertThat(reason).as("PUBACK").isEqualTo(actor.level == 5 ? 0x87 : 0);
        }
        verify(allowed ? route(actor.holder, topic, payload, qos, retain) : List.of());
    }

    /** What becomes of a permitted message; returns, for each share group, who may have got it. */
    private List<Choice> route(Holder publisher, String topic, String payload, int qos, boolean retain) {
        if (retain) {
            if (payload.isEmpty()) {
                retained.remove(topic);
            } else {
                retained.put(topic, new Left(payload, qos, publisher));
            }
        }
        String text = topic + " " + payload;
        Map<String, Set<Actor>> groups = new HashMap<>();
        for (Actor actor : actors) {
            Set<String> permitted = new HashSet<>();
            int most = -1;
            for (Map.Entry<String, Integer> entry : actor.filters.entrySet()) {
                String filter = entry.getKey();
                boolean shared = filter.startsWith("$share/");
                String pattern = shared ? filter.split("/", 3)[2] : filter;
                if (!ModelPolicy.matches(pattern, topic) || !permits(actor, filter, topic)) {
                    continue;
                }
                if (shared) {
                    groups.computeIfAbsent(filter, key -> new HashSet<>()).add(actor);
                } else if (entry.getValue() >= most) {
                    if (entry.getValue() > most) {
                        permitted.clear();
                    }
                    most = entry.getValue();
                    permitted.add(filter);
                }
            }
            if (most >= 0) {
                take(actor, text, Math.min(most, qos), permitted);
            }
        }
        return groups.values().stream()
                .map(members -> new Choice(text, members))
                .toList();
    }

    /** One of the members, and one only, gets the message. */
    private record Choice(String text, Set<Actor> members) {}

    private boolean permits(Actor actor, String filter, String topic) {
        return policy.grants(actor.holder.role, filter) && policy.mayReceive(actor.holder.role, topic);
    }

    private static void take(Actor actor, String text, int qos, Set<String> filters) {
        if (actor.client != null) {
            actor.heard.add(text);
        }
        if (qos > 0 && (actor.client == null || actor.silent)) {
            actor.waiting.add(new Waiting(text, filters));
        }
    }

    private void reload() {
        policy = new ModelPolicy(random);
        did("reload");
        broker.policy(policy.yaml());
        verify(List.of());
    }

    private void reauthenticate(Actor actor) {
        String role = "tom" + random.nextInt(2);
        did(actor.id + " proves itself anew as " + role);
        assertThat(client(actor).reauthenticate("JWT", token(role))).as("AUTH").isZero();
        actor.holder.role = role;
        verify(List.of());
    }

    private String token(String role) {
        return broker.token("tom", Duration.ofHours(1), Map.of("role", role));
    }

    private void disconnect(Actor actor) {
        boolean politely = random.nextBoolean();
        did(actor.id + (politely ? " leaves" : " breaks off"));
        List<Choice> choices = gone(actor, politely ? null : actor.will, () -> {
            if (politely) {
                client(actor).leave();
            } else {
                client(actor).drop();
            }
        });
        verify(choices);
    }

    /** The connection ends in some way, and its will, if it is to be sent, is. */
    private List<Choice> gone(Actor actor, @Nullable String will, Runnable how) {
        double connected = broker.metric("clients_connected");
        how.run();
        await().atMost(PATIENCE)
                .pollInterval(LiveBroker.POLL)
                .until(() -> broker.metric("clients_connected") == connected - 1);
        actor.client = null;
        Holder last = actor.holder;
        boolean fires = will != null && policy.mayPublish(last.role, will);
        // of a session that ends with its connection the will is judged first, and then it hears nothing any more
        if (actor.shares) {
            actor.filters.clear();
        }
        if (!fires) {
            return List.of();
        }
        String payload = "will of " + actor.id;
        did("the will of " + actor.id + " on " + will);
        return route(last, Objects.requireNonNull(will), payload, 0, false);
    }

    private void connect(Actor actor, boolean takeover) {
        String role = actor.isToken() ? "tom" + random.nextInt(2) : actor.user;
        Mqtt.Options options = broker.as(actor.user, actor.id).level(actor.level);
        if (actor.isToken()) {
            options.enhanced("JWT", token(role));
        }
        if (!actor.shares) {
            options.kept();
        }
        boolean silent = !actor.shares && random.nextInt(4) == 0;
        if (silent) {
            options.silent();
        }
        String will = takeover || random.nextInt(3) > 0
                ? null
                : ModelPolicy.TOPICS.get(random.nextInt(ModelPolicy.TOPICS.size()));
        if (will != null) {
            options.will(will);
            options.willPayload = "will of " + actor.id;
        }
        boolean admitted = will == null || policy.mayPublish(role, will);
        did(actor.id
                + (takeover ? " takes over as " : " connects as ")
                + role
                + (silent ? ", silent" : "")
                + (will == null ? "" : ", with a will on " + will)
                + (admitted ? "" : ", refused"));
        List<Choice> choices = List.of();
        if (takeover && actor.will != null) {
            // the will of the connection that is taken over is sent; not part of this step
            choices = gone(actor, null, () -> client(actor).leave());
            verify(choices);
        }
        Mqtt old = actor.client;
        Mqtt client = broker.connect(options);
        assertThat(client.connack).as("CONNACK").isEqualTo(admitted ? 0 : actor.level == 5 ? 0x87 : 5);
        if (!admitted) {
            return;
        }
        if (old != null) {
            await().atMost(PATIENCE).pollInterval(LiveBroker.POLL).until(old::isGone);
        }
        if (actor.shares) {
            actor.filters.clear();
            actor.holder = new Holder(role);
        }
        actor.holder.role = role;
        actor.client = client;
        actor.will = will;
        actor.silent = silent;
        List<Waiting> waiting = List.copyOf(actor.waiting);
        actor.waiting.clear();
        client.sync();
        Set<String> came = new HashSet<>(client.peek());
        for (Waiting one : waiting) {
            String topic = one.text.split(" ", 2)[0];
            boolean all = one.filters.stream().allMatch(filter -> permits(actor, filter, topic));
            boolean any = one.filters.stream().anyMatch(filter -> permits(actor, filter, topic));
            // of several filters that a message waits by, the broker remembers one
            if (all || any && came.contains(one.text)) {
                take(actor, one.text, 1, one.filters);
            }
        }
        verify(choices);
    }

    private static Mqtt client(Actor actor) {
        return Objects.requireNonNull(actor.client);
    }

    // what came of it

    private void verify(List<Choice> choices) {
        Map<Actor, List<String>> got = new LinkedHashMap<>();
        for (Actor actor : actors) {
            if (actor.client != null) {
                // the rounds of a QoS 2 exchange, so that nothing is in flight when the next step begins
                for (int i = 0; i < 3; i++) {
                    assertThat(client(actor).sync())
                            .as(actor.id + " is connected")
                            .isTrue();
                }
            }
        }
        for (Actor actor : actors) {
            if (actor.client != null) {
                got.put(actor, new ArrayList<>(client(actor).heard()));
            }
        }
        // each group has one copy for one of its members, beside what its members hear by filters of their own
        for (String text : choices.stream().map(Choice::text).distinct().toList()) {
            Map<Actor, Integer> extra = new LinkedHashMap<>();
            got.forEach((actor, texts) ->
                    extra.put(actor, Collections.frequency(texts, text) - Collections.frequency(actor.heard, text)));
            List<Choice> groups =
                    choices.stream().filter(choice -> choice.text.equals(text)).toList();
            for (Choice choice : groups) {
                assertThat(choice.members.stream().mapToInt(member -> extra.getOrDefault(member, 0)))
                        .as("who of the group got " + text)
                        .anyMatch(copies -> copies > 0);
            }
            Set<Actor> members = new HashSet<>();
            groups.forEach(choice -> members.addAll(choice.members));
            int copies = members.stream()
                    .mapToInt(member -> extra.getOrDefault(member, 0))
                    .sum();
            assertThat(copies).as("copies of " + text + " to share groups").isEqualTo(groups.size());
            members.forEach(member -> {
                for (int i = extra.getOrDefault(member, 0); i > 0; i--) {
                    member.heard.add(text);
                }
            });
        }
        got.forEach((actor, texts) -> {
            assertThat(texts).as("what " + actor.id + " heard").containsExactlyInAnyOrderElementsOf(actor.heard);
            actor.heard.clear();
        });
    }
}
