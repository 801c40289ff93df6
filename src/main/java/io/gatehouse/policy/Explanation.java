package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Why a request is answered as it is: for people and for the policy's own tests. Words, never a capability.
 *
 * @param allowed the answer
 * @param verdict {@code ALLOW}, {@code DENY}, or for a SUBSCRIBE {@code GRANT}, {@code GRANT+FILTER} or {@code DENY}
 * @param detail one sentence; empty for a plain yes
 * @param lines the rules that matter, the deciding one first
 * @param grantedQos of a granted SUBSCRIBE
 */
public record Explanation(
        boolean allowed,
        String verdict,
        String detail,
        List<Line> lines,
        List<String> roles,
        Optional<Qos> grantedQos) {
    public Explanation {
        lines = List.copyOf(lines);
        roles = List.copyOf(roles);
    }

    /**
     * One rule.
     *
     * @param place {@code file:line}
     */
    public record Line(boolean deny, String pattern, String role, String place, String note) {}

    /** Asks on behalf of made-up subjects. Confined to one thread. */
    public static final class Asker {
        private final Authorizer authorizer;
        private final PolicySet set;
        private final Clock clock;

        Asker(Authorizer authorizer, PolicySet set, Clock clock) {
            this.authorizer = authorizer;
            this.set = set;
            this.clock = clock;
        }

        /** Binds a subject as its login would. */
        public Bound as(Subject subject, String clientId, Optional<Instant> at) {
            return new Bound(authorizer, set.bind(subject, clientId, at.orElseGet(clock::instant), authorizer.epoch()));
        }
    }

    /** A bound subject. */
    public static final class Bound {
        private final Authorizer authorizer;
        private final Binding binding;

        private Bound(Authorizer authorizer, Binding binding) {
            this.authorizer = authorizer;
            this.binding = binding;
        }

        /** Why it may not connect at all; empty if it may. */
        public Optional<Denied> refusal() {
            return Optional.ofNullable(binding.refusal);
        }

        public Explanation connect() {
            return refusal()
                    .map(denied -> answer(false, "DENY", denied.explanation(), List.of(), Optional.empty()))
                    .orElseGet(() -> answer(true, "ALLOW", "", List.of(), Optional.empty()));
        }

        /** @param sizeBytes of the payload */
        public Explanation publish(String topic, Qos qos, boolean retain, int sizeBytes) {
            Message message = new Message(
                    TopicName.of(topic), qos, retain, MessageProperties.NONE, Payload.wrap(new byte[sizeBytes]));
            Optional<Denied> denied = authorizer.denial(binding, message);
            return answer(
                    denied.isEmpty(),
                    denied.isEmpty() ? "ALLOW" : "DENY",
                    denied.map(Denied::explanation).orElse(""),
                    lines(binding, authorizer.walk(), topic, true),
                    Optional.empty());
        }

        public Explanation receive(String topic) {
            boolean may = authorizer.mayReceive(binding, TopicName.of(topic).text());
            String why = may ? "" : refusal().map(Denied::explanation).orElse("");
            return answer(
                    may,
                    may ? "ALLOW" : "DENY",
                    why,
                    lines(binding, authorizer.walk(), topic, false),
                    Optional.empty());
        }

        public Explanation subscribe(String text, Qos qos) {
            TopicFilter filter = TopicFilter.of(text);
            Verdict verdict = authorizer.verdict(binding, filter);
            if (!verdict.isGranted()) {
                Denied denied = authorizer.subscribeDenial(binding, filter, verdict);
                return answer(false, "DENY", denied.explanation(), touching(filter, verdict), Optional.empty());
            }
            Qos granted = authorizer.grantedQos(binding, filter, qos);
            boolean filtered = verdict == Verdict.GRANT_AND_FILTER;
            return answer(
                    true,
                    filtered ? "GRANT+FILTER" : "GRANT",
                    filtered ? "what a deny matches is never delivered" : "",
                    touching(filter, verdict),
                    Optional.of(granted));
        }

        /** The rules whose topics the filter meets: the allows, then the denies that make holes. */
        private List<Line> touching(TopicFilter filter, Verdict verdict) {
            List<Line> lines = new ArrayList<>();
            List<Role> roles = new ArrayList<>(binding.roles);
            roles.addAll(binding.policy.policy().everyone());
            for (Role role : roles) {
                for (Item item : role.subscribe()) {
                    if (!item.shadow() && meets(filter, item.topic().levels())) {
                        lines.add(new Line(
                                false,
                                item.topic().text(),
                                role.name(),
                                item.topic().place().fileAndLine(),
                                verdict.isGranted() ? "" : "allows a part"));
                    }
                }
                role.denySubscribe().stream()
                        .filter(pattern -> meets(filter, pattern.levels()))
                        .forEach(pattern -> lines.add(new Line(
                                true,
                                pattern.text(),
                                role.name(),
                                pattern.place().fileAndLine(),
                                verdict == Verdict.ALL_DENIED ? "decides" : "hole: never delivered")));
            }
            return lines;
        }

        private boolean meets(TopicFilter filter, List<Level> levels) {
            String[] asked = filter.pattern().split("/", -1);
            for (int i = 0; ; i++) {
                boolean deeperAsked = i < asked.length && asked[i].equals("#");
                boolean deeper = i < levels.size() && levels.get(i) instanceof Level.AnyDeeper;
                boolean dollar = i == 0
                        && (asked[0].startsWith("$") && levels.get(0).toString().matches("[+#]")
                                || levels.get(0).toString().startsWith("$") && asked[0].matches("[+#]"));
                if (dollar) {
                    return false;
                }
                if (deeperAsked || deeper) {
                    return true;
                }
                if (i == asked.length || i == levels.size()) {
                    return asked.length == levels.size();
                }
                Level level = levels.get(i);
                String text = level instanceof Level.Variable variable
                        ? String.valueOf(binding.policy.value(binding, variable.name()))
                        : level.toString();
                if (!asked[i].equals("+") && !(level instanceof Level.AnyLevel) && !text.equals(asked[i])) {
                    return false;
                }
            }
        }

        private Explanation answer(
                boolean allowed, String verdict, String detail, List<Line> lines, Optional<Qos> granted) {
            List<String> roles = binding.roles.stream().map(Role::name).toList();
            return new Explanation(allowed, verdict, detail, lines, roles, granted);
        }
    }

    private static List<Line> lines(Binding binding, Walk walk, String topic, boolean publish) {
        List<Line> denies = new ArrayList<>();
        List<Line> allows = new ArrayList<>();
        walk.visit(binding.policy.trie(), binding, topic, (rule, denyOnly) -> {
            if (rule.publish() == publish && (rule.isDeny() || !denyOnly)) {
                (rule.isDeny() ? denies : allows)
                        .add(new Line(
                                rule.isDeny(),
                                rule.pattern().text(),
                                rule.role().name(),
                                rule.place(),
                                ""));
            }
        });
        List<Line> lines = new ArrayList<>(denies);
        lines.addAll(allows);
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            String note =
                    i == 0 ? "decides" : denies.isEmpty() ? "allows too" : line.deny() ? "denies too" : "would allow";
            lines.set(i, new Line(line.deny(), line.pattern(), line.role(), line.place(), note));
        }
        return lines;
    }

    /** The place of a deny rule that the filter lies in. */
    static Optional<String> firstDeny(Binding binding, Walk walk, String filter) {
        // a level that no rule names stands for the wildcards of the filter
        String instance = filter.replace("+", "\u0001").replace("#", "\u0001");
        List<Line> lines = lines(binding, walk, instance, false);
        return lines.stream().filter(Line::deny).map(Line::place).findFirst();
    }
}
