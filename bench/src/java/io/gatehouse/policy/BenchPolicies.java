package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import io.gatehouse.config.Place;
import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Qos;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** Policies and topics of any size, in the shapes that people write them. Stateless. */
final class BenchPolicies {
    private static final Place PLACE = new Place("bench.yaml", 1, 1);
    private static final int METERS = 10;

    private BenchPolicies() {}

    /** How the rules of a policy look. */
    enum Shape {
        /** Literal rules, one in ten with {@code +}, one in ten a deny with {@code #}. */
        MIXED,
        /** One rule for all devices. */
        TEMPLATE,
        /** One literal rule for each device. */
        LITERAL,
        /** A {@code +} in every rule, at changing places. */
        WILDCARDS,
        /** Half of the rules are denies below what is allowed. */
        DENIES
    }

    static Policy policy(Shape shape, int rules) {
        List<Item> publish = new ArrayList<>();
        List<Item> subscribe = new ArrayList<>();
        List<Pattern> deny = new ArrayList<>();
        for (int n = 0; n < (shape == Shape.TEMPLATE ? 1 : rules); n++) {
            String place = "site/" + n / 1000 % 100 + "/line/" + n / 100_000 + "/dev" + n / METERS;
            String topic = place + "/m" + n % METERS;
            switch (shape) {
                case MIXED -> {
                    if (n % 10 == 3) {
                        deny.add(pattern(topic + "/#"));
                    } else if (n % 10 == 7) {
                        allow(
                                publish,
                                subscribe,
                                "site/" + n / 1000 % 100 + "/line/+/dev" + n / METERS + "/m" + n % METERS);
                    } else {
                        allow(publish, subscribe, topic);
                    }
                }
                case TEMPLATE -> allow(publish, subscribe, "dev/<cn>/#");
                case LITERAL -> allow(publish, subscribe, topic);
                case WILDCARDS ->
                    allow(
                            publish,
                            subscribe,
                            switch (n % 3) {
                                case 0 -> "site/+/line/" + n / 100_000 + "/dev" + n / METERS + "/m" + n % METERS;
                                case 1 ->
                                    "site/" + n / 1000 % 100 + "/+/" + n / 100_000 + "/dev" + n / METERS + "/m"
                                            + n % METERS;
                                default -> place + "/+";
                            });
                case DENIES -> {
                    if (n % 2 == 0) {
                        deny.add(pattern(topic));
                    } else {
                        allow(publish, subscribe, topic);
                    }
                }
            }
        }
        Role role = new Role(
                "r", List.of(), List.of(), publish, subscribe, deny, deny, Limits.NONE, List.of(), false, PLACE);
        return new Policy(
                Policy.Defaults.STRICT,
                Map.of(),
                Map.of("r", role),
                Map.of(),
                Map.of(),
                List.of(new Assignment(List.of(), List.of("r"), PLACE)),
                List.of(),
                List.of(),
                Map.of());
    }

    private static void allow(List<Item> publish, List<Item> subscribe, String topic) {
        Item item = new Item(pattern(topic), Qos.EXACTLY_ONCE, true, Limits.UNLIMITED, List.of(), false);
        publish.add(item);
        subscribe.add(item);
    }

    static Pattern pattern(String text) {
        List<Level> levels = Stream.of(text.split("/", -1))
                .<Level>map(level -> switch (level) {
                    case "+" -> new Level.AnyLevel();
                    case "#" -> new Level.AnyDeeper();
                    default ->
                        level.startsWith("<")
                                ? new Level.Variable(level.substring(1, level.length() - 1))
                                : new Level.Literal(level);
                })
                .toList();
        return new Pattern(levels, PLACE);
    }

    static Binding bound(PolicySet set) {
        Subject subject = new Subject("device", Set.of(), "devices", null, Map.of("cert.cn", List.of("press-07")));
        return set.bind(subject, "press-07", Instant.EPOCH, 1);
    }

    /** Topics in random order, so that the memory that a decision reads is seldom in a cache by luck. */
    static String[] topics(Shape shape, int rules, boolean hit, int count) {
        Random random = new Random(42);
        String[] topics = new String[count];
        for (int i = 0; i < count; i++) {
            int n = random.nextInt(rules);
            String end = hit ? "" : "x";
            topics[i] = shape == Shape.TEMPLATE
                    ? "dev/press-0" + (hit ? 7 : 8) + "/line/" + n % 10 + "/temperature/celsius"
                    : "site/" + n / 1000 % 100 + "/line/" + n / 100_000 + "/dev" + n / METERS + "/m" + n % METERS + end;
        }
        return topics;
    }
}
