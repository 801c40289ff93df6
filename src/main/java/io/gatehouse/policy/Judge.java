package io.gatehouse.policy;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import org.jspecify.annotations.Nullable;

/**
 * Judges requests of bound subjects, over scratch space that is used again: a yes allocates nothing. Confined to one
 * thread.
 *
 * <p>The policy is asked as it is in force, or with its shadow statements in force too ({@code shadow}): the same walks,
 * other bits.
 */
final class Judge {
    private static final String SYS = "$SYS";
    private static final String ENROLMENT = "$pki/";
    private static final String RENEWAL = "$pki/v1/reenroll";

    /** How many nodes a refusal may cost in search of words. */
    private static final int WORDS_BUDGET = 500;

    private final Walk walk = new Walk();
    private final Meeting meeting = new Meeting();

    // the answer of the last delivery judged: a fan-out asks the same of one class again and again
    private @Nullable TopicName lastTopic;
    private @Nullable RoleClass lastClass;
    private long lastEpoch;
    private boolean lastAnswer;

    Walk walk() {
        return walk;
    }

    Meeting meeting() {
        return meeting;
    }

    /** Whether a topic is the broker's own: {@code $SYS} and all below it. */
    static boolean isSys(String topic) {
        return topic.startsWith(SYS) && (topic.length() == SYS.length() || topic.charAt(SYS.length()) == '/');
    }

    /** Whether a topic is where the broker answers devices that ask for a certificate: all below {@code $pki} but requests. */
    static boolean isEnrolmentsOwn(String topic) {
        if (!topic.startsWith(ENROLMENT)) {
            return false;
        }
        boolean ofOne = topic.startsWith(RENEWAL + "/") && topic.indexOf('/', RENEWAL.length() + 1) < 0;
        return !ofOne && !topic.equals(RENEWAL);
    }

    /** Why a message may not be published; null if it may. */
    @Nullable
    Denied publish(Binding binding, Message message) {
        return publish(
                binding,
                message.topic().text(),
                message.qos(),
                message.retain(),
                message.payload().sizeBytes(),
                message.properties().responseTopic());
    }

    /** Why such a message may not be published; null if it may. */
    @Nullable
    Denied publish(
            Binding binding, String topic, Qos qos, boolean retain, int payloadBytes, @Nullable TopicName response) {
        Denied gone = binding.refusal();
        if (gone != null) {
            return afterConnect(gone);
        }
        if (isSys(topic)) {
            return new Denied(
                    ReasonCode.NOT_AUTHORIZED, Denials.BUILT_IN, "nobody but the broker publishes below $SYS");
        }
        if (isEnrolmentsOwn(topic)) {
            return new Denied(
                    ReasonCode.NOT_AUTHORIZED,
                    Denials.BUILT_IN,
                    "below $pki nobody but the broker publishes anything else than requests for a certificate");
        }
        if (payloadBytes > binding.limits().maxPayloadBytes()) {
            return Denials.tooLarge(
                    payloadBytes, "the limit of " + binding.limits().maxPayloadBytes());
        }
        int wanted = Bits.publish(qos, retain);
        int bits = walk.decide(binding, topic, Bits.DENY_PUBLISH, payloadBytes);
        if ((bits & Bits.DENY_PUBLISH) != 0) {
            return denied(binding, topic, Bits.DENY_PUBLISH);
        }
        if ((bits & wanted) == 0) {
            return notAllowed(binding, topic, bits, wanted, payloadBytes);
        }
        if (!isInScope(binding, topic, wanted, payloadBytes)) {
            return notInScope(binding, topic, wanted, payloadBytes);
        }
        if (response != null && binding.policy().defaults().checkResponseTopics() && !receives(binding, response)) {
            // else it could make somebody else send to where it may not listen
            return Denials.responseTopic(response);
        }
        return null;
    }

    /**
     * Whether a token that says what it is for is for this.
     *
     * @param payloadBytes 0 where the size does not matter
     */
    private boolean isInScope(Binding binding, String topic, int wanted, int payloadBytes) {
        Binding scope = binding.scope();
        return scope == null || (walk.decide(scope, topic, 0, payloadBytes) & wanted) != 0;
    }

    private Denied notInScope(Binding binding, String topic, int wanted, int payloadBytes) {
        if (isInScope(binding, topic, wanted, 0)) {
            return Denials.tooLarge(payloadBytes, "its token is for");
        }
        return Denials.noRule(
                isInScope(binding, topic, Bits.publishUpTo(Qos.EXACTLY_ONCE, true), 0)
                        ? "its token is for the topic, but not for this quality of service or retain"
                        : "its token is not for publishing to it");
    }

    /**
     * Whether a message is allowed, whatever its response topic.
     *
     * @param shadow as it would be if the shadow statements were in force
     */
    boolean rulesAllow(Binding binding, Message message, boolean shadow) {
        String topic = message.topic().text();
        int sizeBytes = message.payload().sizeBytes();
        if (isSys(topic)
                || isEnrolmentsOwn(topic)
                || sizeBytes > binding.limits().maxPayloadBytes()) {
            return false;
        }
        int wanted = Bits.publish(message.qos(), message.retain());
        int found = walk.decide(binding, topic, 0, sizeBytes);
        int bits = shadow ? Bits.withShadow(found) : found;
        return (bits & Bits.DENY_PUBLISH) == 0 && (bits & wanted) != 0 && isInScope(binding, topic, wanted, sizeBytes);
    }

    private Denied denied(Binding binding, String topic, int denyBit) {
        RuleTable rules = binding.trie().rules;
        int[] found = {RuleTable.NONE};
        walk.anyMatching(binding, topic, entry -> {
            int rule = entry < 0 ? ~entry : entry;
            boolean decides = (rules.bits(rule) & denyBit) != 0;
            found[0] = decides ? rule : found[0];
            return decides;
        });
        return Denials.deniedBy(binding.trie().rule(found[0], false));
    }

    private Denied notAllowed(Binding binding, String topic, int bits, int wanted, int payloadBytes) {
        if ((bits & Bits.CAPPED) != 0 && (walk.decide(binding, topic, 0, 0) & wanted) != 0) {
            return Denials.tooLarge(payloadBytes, "its rule allows");
        }
        int anyPublish = Bits.publishUpTo(Qos.EXACTLY_ONCE, true);
        return Denials.noRule(
                (walk.decide(binding, topic, 0, 0) & anyPublish) != 0
                        ? "a rule allows the topic, but not this quality of service or retain"
                        : "no rule allows publishing to it");
    }

    /** A rule that allows a topic with one of the bits; null where there is none. */
    @Nullable
    Rule allowing(Binding binding, String topic, int wanted, long payloadBytes) {
        RuleTable rules = binding.trie().rules;
        int[] found = {RuleTable.NONE};
        walk.anyMatching(binding, topic, rule -> {
            boolean allows =
                    rule >= 0 && (rules.bits(rule) & wanted) != 0 && payloadBytes <= rules.maxPayloadBytes(rule);
            found[0] = allows ? rule : found[0];
            return allows;
        });
        return found[0] == RuleTable.NONE ? null : binding.trie().rule(found[0], false);
    }

    /** The rule that covers a filter by itself, else the first of those that allow a part; null where there is none. */
    @Nullable
    Rule granting(Binding binding, TopicFilter filter) {
        Rule[] found = {null};
        meeting.visit(binding, filter.pattern(), Bits.RECEIVE, WORDS_BUDGET, entry -> {
            Rule rule = entry < 0 ? null : binding.trie().rule(entry, false);
            boolean alone = rule != null && Intersection.coversAlone(binding, rule.pattern(), filter.pattern());
            found[0] = found[0] == null || alone ? rule : found[0];
            return alone;
        });
        return found[0];
    }

    /** Whether a retained message may ever have been left on a topic. */
    boolean retains(Binding binding, String topic) {
        if (binding.refusal() != null || isSys(topic) || topic.startsWith(ENROLMENT)) {
            return false;
        }
        int retained = Bits.publishUpTo(Qos.EXACTLY_ONCE, true) & ~Bits.publishUpTo(Qos.EXACTLY_ONCE, false);
        int bits = walk.decide(binding, topic, Bits.DENY_PUBLISH, 0);
        return (bits & Bits.DENY_PUBLISH) == 0 && (bits & retained) != 0 && isInScope(binding, topic, retained, 0);
    }

    /** Whether a message on a topic may be received. */
    boolean receives(Binding binding, TopicName topic) {
        if (binding.refusal() != null || !isInScope(binding, topic.text(), Bits.RECEIVE, 0)) {
            return false;
        }
        RoleClass roleClass = binding.roleClass();
        if (topic == lastTopic && roleClass == lastClass && binding.epoch() == lastEpoch) {
            return lastAnswer;
        }
        boolean answer = receives(walk.decide(binding, topic.text(), Bits.DENY_SUBSCRIBE, Walk.NO_PAYLOAD));
        if (!roleClass.usesVariables()) {
            lastTopic = topic;
            lastClass = roleClass;
            lastEpoch = binding.epoch();
            lastAnswer = answer;
        }
        return answer;
    }

    /** Whether a message on a topic would be received if the shadow statements were in force. */
    boolean wouldReceive(Binding binding, TopicName topic) {
        return isInScope(binding, topic.text(), Bits.RECEIVE, 0)
                && receives(Bits.withShadow(walk.decide(binding, topic.text(), 0, Walk.NO_PAYLOAD)));
    }

    private static boolean receives(int bits) {
        return (bits & Bits.DENY_SUBSCRIBE) == 0 && (bits & Bits.RECEIVE) != 0;
    }

    /** How a filter lies to what is allowed and what is denied, and to what a token is for. */
    Verdict verdict(Binding binding, TopicFilter filter, boolean shadow) {
        Verdict ofRoles = verdictOfRoles(binding, filter, shadow);
        Binding scope = binding.scope();
        if (scope == null || !ofRoles.isGranted()) {
            return ofRoles;
        }
        // the whole filter is in both exactly if it is in each; what is not is filtered where the policy says so
        Verdict ofToken = verdictOfRoles(scope, filter, false);
        return ofToken == Verdict.GRANT ? ofRoles : ofToken;
    }

    private Verdict verdictOfRoles(Binding binding, TopicFilter filter, boolean shadow) {
        if (binding.refusal() != null) {
            return Verdict.NO_ALLOW;
        }
        int allow = shadow ? Bits.alsoShadow(Bits.RECEIVE) : Bits.RECEIVE;
        int deny = shadow ? Bits.alsoShadow(Bits.DENY_SUBSCRIBE) : Bits.DENY_SUBSCRIBE;
        String pattern = filter.pattern();
        if (walk.covers(binding, pattern, deny, null)) {
            return Verdict.ALL_DENIED;
        }
        boolean wide = !walk.covers(binding, pattern, allow, null);
        if (wide) {
            if (!meeting.overlaps(binding, pattern, allow)) {
                return Verdict.NO_ALLOW;
            }
            if (!binding.policy().defaults().filterWideSubscriptions()) {
                return Verdict.WIDER_THAN_ALLOWED;
            }
        }
        String group = filter.shareGroup().orElse(null);
        if (group != null && !walk.covers(binding, pattern, allow, group)) {
            return Verdict.GROUP_NOT_ALLOWED;
        }
        boolean holes = meeting.overlaps(binding, pattern, deny);
        if (holes && binding.policy().defaults().rejectHoles()) {
            return Verdict.HOLES;
        }
        return wide || holes ? Verdict.GRANT_AND_FILTER : Verdict.GRANT;
    }

    /**
     * The highest quality of service that the rules grant, and a token, for the whole filter; of one that is wider than allowed,
     * for all of it that is allowed.
     */
    Qos granted(Binding binding, TopicFilter filter, Qos wanted) {
        Qos ofRoles = grantedByRoles(binding, filter, wanted);
        Binding scope = binding.scope();
        return scope == null ? ofRoles : grantedByRoles(scope, filter, ofRoles);
    }

    private Qos grantedByRoles(Binding binding, TopicFilter filter, Qos wanted) {
        String pattern = filter.pattern();
        boolean wide = !walk.covers(binding, pattern, Bits.RECEIVE, null);
        for (int level = wanted.level(); level > 0; level--) {
            Qos qos = Qos.of(level);
            if (wide
                    ? !meeting.overlaps(binding, pattern, Bits.subscribeBelow(qos))
                    : walk.covers(binding, pattern, Bits.subscribe(qos), null)) {
                return qos;
            }
        }
        return Qos.AT_MOST_ONCE;
    }

    /** Why somebody may not be connected, as an answer to something else than CONNECT: some reasons are for a CONNACK only. */
    private static Denied afterConnect(Denied gone) {
        return new Denied(ReasonCode.NOT_AUTHORIZED, gone.rule(), gone.explanation());
    }

    /** Words for a subscription that is not granted. */
    Denied refused(Binding binding, TopicFilter filter, Verdict verdict) {
        Denied gone = binding.refusal();
        if (gone != null) {
            return afterConnect(gone);
        }
        String shown = Denials.quoted(filter.text());
        return switch (verdict) {
            case ALL_DENIED -> {
                Rule[] first = {null};
                meeting.visit(binding, filter.pattern(), Bits.DENY_SUBSCRIBE, WORDS_BUDGET, entry -> {
                    first[0] = binding.trie().rule(entry < 0 ? ~entry : entry, entry < 0);
                    return true;
                });
                yield new Denied(
                        ReasonCode.NOT_AUTHORIZED,
                        first[0] == null ? Denials.NO_RULE : first[0].place(),
                        "all of " + shown + " is denied");
            }
            case WIDER_THAN_ALLOWED ->
                Denials.noRule(shown + " is wider than allowed"
                        + Intersection.widest(this, binding, filter)
                                .map(widest -> "; the widest filter that would be granted is " + Denials.quoted(widest))
                                .orElse(""));
            case HOLES -> Denials.noRule("a deny makes holes in " + shown + ", and the policy refuses those");
            case GROUP_NOT_ALLOWED ->
                Denials.noRule((isByToken(binding, filter) ? "its token does not let" : "no rule lets")
                        + " it join the share group "
                        + Denials.quoted(filter.shareGroup().orElse("")) + " on "
                        + Denials.quoted(filter.pattern()));
            case NO_ALLOW, GRANT, GRANT_AND_FILTER ->
                isByToken(binding, filter)
                        ? Denials.noRule("its token is not for subscribing to " + shown)
                        : Denials.noRule("no rule allows subscribing to " + shown);
        };
    }

    /** Whether it is the token that a filter fails by. */
    private boolean isByToken(Binding binding, TopicFilter filter) {
        return binding.scope() != null && verdictOfRoles(binding, filter, false).isGranted();
    }
}
