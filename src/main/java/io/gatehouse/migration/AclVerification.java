package io.gatehouse.migration;

import io.gatehouse.authn.AuthMethod;
import io.gatehouse.authn.Subject;
import io.gatehouse.migration.MosquittoEvaluation.Answer;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Explanation;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.protocol.Qos;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * Asks Mosquitto's evaluation and the imported policy the same random questions, and tells where they answer differently and no
 * note announced it. Confined to one import.
 */
final class AclVerification {
    /** How long a variable of the policy may be: {@code max} of a variable that is not declared. */
    private static final int MAX_LEVEL_BYTES = 64;

    private static final List<String> FRESH = List.of("x", "", "fresh", "$x", "$SYS", "client-1");

    private final MosquittoAcl original;
    private final MosquittoAcl carried;
    private final PolicySet policy;
    private final String listener;

    /** @param listener by which the requests come in; empty: it does not matter */
    AclVerification(MosquittoAcl original, MosquittoAcl carried, PolicySet policy, String listener) {
        this.listener = listener;
        this.original = original;
        this.carried = carried;
        this.policy = policy;
    }

    /**
     * What the comparison came to.
     *
     * @param announced of the requests, how many are answered differently, as a note said
     * @param faults differences that no note announced: the import is wrong
     */
    record Result(int requests, int announced, List<String> faults) {}

    /** Whether a name can be one level of a topic: what the policy's variables ask of it. */
    static boolean fits(String name) {
        return !name.isEmpty()
                && name.getBytes(java.nio.charset.StandardCharsets.UTF_8).length <= MAX_LEVEL_BYTES
                && name.chars().noneMatch(letter -> letter == '+' || letter == '#' || letter == '/' || letter < ' ');
    }

    Result run(int requests, long seed) {
        Random random = new Random(seed);
        MosquittoEvaluation before = new MosquittoEvaluation(original);
        MosquittoEvaluation reduced = new MosquittoEvaluation(carried);
        Explanation.Asker asker = Authorizer.asker(policy, Clock.systemUTC());
        List<String> users = new ArrayList<>(original.users().keySet());
        users.addAll(List.of("somebody-else", "client-1", "a+b", "a/b"));
        List<String> clients = new ArrayList<>(List.of("client-1", "c9", "a+b", "a/b", "#"));
        clients.addAll(original.users().keySet());
        List<String> levels = levels();
        List<String> faults = new ArrayList<>();
        int announced = 0;
        for (int i = 0; i < requests; i++) {
            String user = users.get(random.nextInt(users.size()));
            String client = random.nextInt(3) > 0 ? "client-1" : clients.get(random.nextInt(clients.size()));
            boolean write = random.nextBoolean();
            String topic = topic(random, levels, user, client);
            Answer was = before.answer(user, client, write, topic);
            boolean is = ask(asker, user, client, write, topic);
            if (was.allowed() == is) {
                continue;
            }
            if (isAnnounced(was, is, reduced, user, client, write, topic)) {
                announced++;
            } else if (faults.size() < 10) {
                faults.add("user \"" + user + "\", client \"" + client + "\", " + (write ? "publish" : "receive")
                        + " \"" + topic + "\": Mosquitto " + was + ", the policy " + (is ? "allows" : "denies"));
            }
        }
        return new Result(requests, announced, faults);
    }

    private boolean isAnnounced(
            Answer was,
            boolean is,
            MosquittoEvaluation reduced,
            String user,
            String client,
            boolean write,
            String topic) {
        if (is) {
            // I09: the only thing that is wider, and by what everybody else may do
            return was == Answer.DENIED_BY_IDENTITY;
        }
        boolean identity = !carried.patterns().isEmpty() && !(namesFit(user, client)); // I08
        boolean masked = was == Answer.ALLOWED_BY_USER && reduced.patternDenies(user, client, topic); // I01
        boolean sys = write && topic.startsWith("$SYS"); // I04
        boolean leftOut = !reduced.answer(user, client, write, topic).allowed(); // I07
        return identity || masked || sys || leftOut;
    }

    private boolean namesFit(String user, String client) {
        boolean usesUser =
                carried.patterns().stream().anyMatch(rule -> rule.levels().contains("%u"));
        boolean usesClient =
                carried.patterns().stream().anyMatch(rule -> rule.levels().contains("%c"));
        return (!usesUser || fits(user)) && (!usesClient || fits(client)) && dollarFits(user, client);
    }

    /** A value with a dollar never fills the first level. */
    private boolean dollarFits(String user, String client) {
        return !(user.startsWith("$") || client.startsWith("$"));
    }

    private boolean ask(Explanation.Asker asker, String user, String client, boolean write, String topic) {
        Explanation.Bound bound = asker.as(
                new Subject(user, Set.of(AuthMethod.PASSWORD), listener, null, Map.of()), client, Optional.empty());
        if (bound.refusal().isPresent()) {
            return false;
        }
        return write
                ? bound.publish(topic, Qos.AT_MOST_ONCE, false, 0).allowed()
                : bound.receive(topic).allowed();
    }

    private List<String> levels() {
        Set<String> levels = new LinkedHashSet<>(FRESH);
        original.rules().forEach(rule -> levels.addAll(rule.levels()));
        levels.removeAll(List.of("+", "#"));
        return new ArrayList<>(levels);
    }

    /** Half the time near a rule, so that rules are met; else anything. */
    private String topic(Random random, List<String> levels, String user, String client) {
        List<MosquittoAcl.Rule> rules = original.rules();
        List<String> topic = new ArrayList<>();
        if (!rules.isEmpty() && random.nextInt(4) > 0) {
            for (String level : rules.get(random.nextInt(rules.size())).levels()) {
                boolean more = level.equals("#");
                boolean free = more || level.equals("+") || random.nextInt(12) == 0;
                if (more && random.nextInt(3) == 0 && !topic.isEmpty()) {
                    break;
                }
                topic.add(free ? any(random, levels) : level.equals("%u") ? user : level.equals("%c") ? client : level);
                if (more && random.nextBoolean()) {
                    topic.add(any(random, levels));
                }
            }
        } else {
            for (int i = random.nextInt(4); i >= 0; i--) {
                topic.add(random.nextInt(6) == 0 ? user : any(random, levels));
            }
        }
        String text = String.join("/", topic).replace("+", "p").replace("#", "h");
        return text.isEmpty() ? "x" : text;
    }

    private static String any(Random random, List<String> levels) {
        return levels.get(random.nextInt(levels.size()));
    }
}
