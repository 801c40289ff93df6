package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Why a request is answered as it is: for people and for the policy's own tests. Words, never a capability.
 *
 * @param allowed the answer
 * @param verdict {@code ALLOW}, {@code DENY}, or for a SUBSCRIBE {@code GRANT}, {@code GRANT+FILTER} or {@code DENY}
 * @param kind of a SUBSCRIBE that is not granted: {@code wider than allowed}, {@code all denied}, ...; else empty
 * @param detail one sentence; empty for a plain yes
 * @param lines the rules that matter, the deciding one first
 * @param roles names of the active roles
 * @param grantedQos of a granted SUBSCRIBE
 */
public record Explanation(
        boolean allowed,
        String verdict,
        String kind,
        String detail,
        List<Line> lines,
        List<String> roles,
        Optional<Qos> grantedQos) {
    /** How far a search for words goes. */
    static final int SEARCH_NODES = 10_000;

    private static final int MAX_LINES = 50;

    /** The note of the rule that decides. */
    public static final String DECIDES = "decides";

    private static final String DECIDES_DENY = DECIDES + " (a deny always wins)";

    public Explanation {
        lines = List.copyOf(lines);
        roles = List.copyOf(roles);
    }

    /**
     * One rule.
     *
     * @param place {@code file:line}
     */
    public record Line(boolean deny, String pattern, String role, String place, String note) {
        private Line(Rule rule, String note) {
            this(rule.deny(), rule.pattern(), rule.role(), rule.place(), note);
        }
    }

    /** Asks on behalf of made-up subjects. Confined to one thread. */
    public static final class Asker {
        private final PolicySet set;
        private final Clock clock;
        private final Judge judge = new Judge();

        Asker(PolicySet set, Clock clock) {
            this.set = set;
            this.clock = clock;
        }

        /** Binds a subject as its login would. */
        public Bound as(Subject subject, String clientId, Optional<Instant> at) {
            return new Bound(judge, set.bind(subject, clientId, at.orElseGet(clock::instant), 1));
        }
    }

    /** A bound subject. Confined to the thread of its asker. */
    public static final class Bound {
        private final Judge judge;
        private final Binding binding;

        private Bound(Judge judge, Binding binding) {
            this.judge = judge;
            this.binding = binding;
        }

        /** Why it may not connect at all; empty if it may. */
        public Optional<Denied> refusal() {
            return Optional.ofNullable(binding.refusal());
        }

        /** The roles it has, active or not. */
        public List<String> held() {
            return binding.held();
        }

        public Explanation connect() {
            return answer(refusal(), List.of());
        }

        /** @param payloadBytes size of the payload */
        public Explanation publish(String topic, Qos qos, boolean retain, int payloadBytes) {
            String checked = TopicName.of(topic).text();
            Denied denied = judge.publish(binding, checked, qos, retain, payloadBytes, null);
            return answer(Optional.ofNullable(denied), matching(checked, true, denied == null));
        }

        public Explanation receive(String topic) {
            TopicName checked = TopicName.of(topic);
            boolean may = judge.receives(binding, checked);
            List<Line> lines = matching(checked.text(), false, may);
            Optional<Denied> denied = may
                    ? Optional.empty()
                    : Optional.of(refusal()
                            .orElseGet(() -> Denials.noRule(
                                    lines.stream().anyMatch(Line::deny)
                                            ? "a deny takes it out of what is allowed"
                                            : "no rule allows receiving from it")));
            return answer(denied, lines);
        }

        public Explanation subscribe(String text, Qos qos) {
            TopicFilter filter = TopicFilter.of(text);
            Verdict verdict = judge.verdict(binding, filter, false);
            List<Line> lines = meeting(filter, verdict);
            if (!verdict.isGranted()) {
                Denied denied = judge.refused(binding, filter, verdict);
                return new Explanation(
                        false,
                        "DENY",
                        binding.refusal() == null ? verdict.words() : "",
                        denied.explanation(),
                        lines,
                        binding.roles(),
                        Optional.empty());
            }
            boolean filtered = verdict == Verdict.GRANT_AND_FILTER;
            return new Explanation(
                    true,
                    filtered ? "GRANT+FILTER" : "GRANT",
                    "",
                    filtered ? filtered(filter, lines.stream().anyMatch(Line::deny)) : "",
                    lines,
                    binding.roles(),
                    Optional.of(judge.granted(binding, filter, qos)));
        }

        /** What of a filter that is granted is never delivered. */
        private String filtered(TopicFilter filter, boolean holes) {
            Binding scope = binding.scope();
            boolean wide = !judge.walk().covers(binding, filter.pattern(), Bits.RECEIVE, null)
                    || scope != null && !judge.walk().covers(scope, filter.pattern(), Bits.RECEIVE, null);
            return (!wide
                            ? "what a deny matches"
                            : holes ? "what a deny matches or no rule allows" : "what no rule allows")
                    + " is never delivered";
        }

        private Explanation answer(Optional<Denied> denied, List<Line> lines) {
            return new Explanation(
                    denied.isEmpty(),
                    denied.isEmpty() ? "ALLOW" : "DENY",
                    "",
                    denied.map(Denied::explanation).orElse(""),
                    lines,
                    binding.roles(),
                    Optional.empty());
        }

        /** The rules that match a topic: denies first. */
        private List<Line> matching(String topic, boolean publish, boolean allowed) {
            List<Rule> rules = new ArrayList<>();
            judge.walk().anyMatching(binding, topic, entry -> {
                Rule rule = binding.trie().rule(entry < 0 ? ~entry : entry, entry < 0);
                if (rule.publish() == publish && !rule.shadow() && (rule.deny() || !rule.denyOnly())) {
                    rules.add(rule);
                }
                return false;
            });
            rules.sort(Comparator.comparing(Rule::deny).reversed().thenComparing(Rule::place));
            boolean denied = !rules.isEmpty() && rules.get(0).deny();
            List<Line> lines = new ArrayList<>();
            for (Rule rule : rules.subList(0, Math.min(rules.size(), MAX_LINES))) {
                String note = rule.deny() ? "denies too" : denied ? "(would allow)" : allowed ? "allows too" : "";
                lines.add(new Line(
                        rule, lines.isEmpty() && denied ? DECIDES_DENY : lines.isEmpty() && allowed ? DECIDES : note));
            }
            return lines;
        }

        /** The rules that a filter meets: the allows, then the denies that make holes, each with an example. */
        private List<Line> meeting(TopicFilter filter, Verdict verdict) {
            List<Rule> rules = new ArrayList<>();
            judge.meeting()
                    .visit(binding, filter.pattern(), Bits.RECEIVE | Bits.DENY_SUBSCRIBE, SEARCH_NODES, entry -> {
                        Rule rule = binding.trie().rule(entry < 0 ? ~entry : entry, entry < 0);
                        rules.add(rule);
                        return rules.size() >= SEARCH_NODES;
                    });
            boolean deniesFirst = verdict == Verdict.ALL_DENIED || verdict == Verdict.HOLES;
            Comparator<Rule> order = Comparator.comparing(rule -> rule.deny() != deniesFirst);
            rules.sort(order.thenComparing(Rule::place));
            return rules.stream()
                    .limit(MAX_LINES)
                    .map(rule -> new Line(rule, note(rule, filter, verdict)))
                    .toList();
        }

        private String note(Rule rule, TopicFilter filter, Verdict verdict) {
            if (!rule.deny()) {
                boolean whole = Intersection.coversAlone(binding, rule.pattern(), filter.pattern());
                return verdict == Verdict.WIDER_THAN_ALLOWED
                        ? "allows a part"
                        : !verdict.isGranted()
                                ? "(would allow)"
                                : whole ? "covers the filter" : "covers a part of the filter";
            }
            if (verdict == Verdict.ALL_DENIED) {
                return DECIDES_DENY;
            }
            return "hole: e.g. "
                    + Intersection.hole(binding, filter.pattern(), rule).orElse(rule.pattern()) + " is never delivered";
        }
    }
}
