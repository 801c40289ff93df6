package io.gatehouse.policy;

import io.gatehouse.authn.Principal;
import io.gatehouse.authn.SystemPrincipals;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a principal may do, and is the only maker of the proofs that the rest of the broker asks for. Any
 * thread; never blocks.
 *
 * <p>The policy in force is one reference and its epoch: {@link #replace} swaps them, and every question after it is
 * answered under the new one. Pure: it records nothing. Whoever asks writes the audit event.
 */
public final class Authorizer {
    private static final String NO_RULE = "no rule allows it";
    private static final String SYS = "$SYS";

    private final Clock clock;
    private final ThreadLocal<Walk> walks = ThreadLocal.withInitial(Walk::new);
    private volatile InForce inForce;

    /** A policy, the number of its reign, and which of its time windows were open when it was looked at last. */
    private record InForce(PolicySet set, long epoch, String windows) {}

    public Authorizer(PolicySet set, Clock clock) {
        this.clock = clock;
        this.inForce = new InForce(set, 1, set.openWindows(clock.instant()));
    }

    public PolicySet policy() {
        return inForce.set;
    }

    /** Counts up whenever an answer may have changed. */
    public long epoch() {
        return inForce.epoch;
    }

    /** Puts another policy in force, whole, from the next question on. */
    public synchronized void replace(PolicySet set) {
        inForce = new InForce(set, inForce.epoch + 1, set.openWindows(clock.instant()));
    }

    /**
     * Looks whether a time window opened or closed; called once a second, so that no clock is read per message.
     *
     * @return whether one did, and sessions are to be looked at
     */
    public synchronized boolean tick() {
        String windows = inForce.set.openWindows(clock.instant());
        if (windows.equals(inForce.windows)) {
            return false;
        }
        inForce = new InForce(inForce.set, inForce.epoch + 1, windows);
        return true;
    }

    Binding bind(Principal principal, ClientId clientId) {
        InForce now = inForce;
        if (isSystem(principal)) {
            return new Binding(now.set, now.epoch, new int[0], new String[0], List.of(), Limits.NONE, null);
        }
        return now.set.bind(principal.subject(), clientId.text(), clock.instant(), now.epoch);
    }

    /** May it connect under this client id, with this will? */
    public ConnectDecision connect(Principal principal, ClientId clientId, @Nullable Message will) {
        Binding binding = bind(principal, clientId);
        if (binding.refusal != null) {
            return binding.refusal;
        }
        Rights rights = new Rights(this, principal, clientId, binding);
        if (will != null && publish(rights, will) instanceof Denied denied) {
            return new Denied(denied.reason(), denied.rule(), "its will: " + denied.explanation());
        }
        return new AuthorizedConnect(rights);
    }

    /** May it publish this message now? Wills are asked again with this when they fire. */
    public PublishDecision publish(Rights rights, Message message) {
        Binding binding = rights.binding();
        Denied denied = isSystem(rights.principal()) ? systemPublish(message.topic()) : publishDenial(binding, message);
        return denied == null ? new AuthorizedPublish(rights, message) : denied;
    }

    /** Why a message may not be published, for explaining. */
    java.util.Optional<Denied> denial(Binding binding, Message message) {
        return java.util.Optional.ofNullable(publishDenial(binding, message));
    }

    private static boolean isSystem(Principal principal) {
        return principal.owner().realm().equals(SystemPrincipals.REALM);
    }

    private static @Nullable Denied systemPublish(TopicName topic) {
        return isSys(topic.text())
                ? null
                : new Denied(ReasonCode.NOT_AUTHORIZED, NO_RULE, "the broker itself publishes below $SYS only");
    }

    private static boolean isSys(String topic) {
        return topic.startsWith(SYS) && (topic.length() == SYS.length() || topic.charAt(SYS.length()) == '/');
    }

    private @Nullable Denied publishDenial(Binding binding, Message message) {
        String topic = message.topic().text();
        if (binding.refusal != null) {
            return binding.refusal;
        }
        if (isSys(topic)) {
            return new Denied(ReasonCode.NOT_AUTHORIZED, "built in", "nobody but the broker publishes below $SYS");
        }
        if (message.payload().sizeBytes() > binding.limits.maxPayloadBytes()) {
            return new Denied(
                    ReasonCode.QUOTA_EXCEEDED,
                    "limits",
                    "a payload of " + message.payload().sizeBytes() + " bytes, " + binding.limits.maxPayloadBytes()
                            + " are allowed");
        }
        Walk walk = walk();
        Trie trie = binding.policy.trie();
        int wanted = Bits.publish(message.qos(), message.retain());
        int bits = walk.decide(trie, binding, topic, Bits.DENY_PUBLISH);
        if ((bits & Bits.DENY_PUBLISH) != 0 || (bits & wanted) == 0) {
            Denied denied = (bits & Bits.DENY_PUBLISH) == 0 && (bits & Bits.CAPPED) != 0
                    ? cappedDenial(binding, message, wanted)
                    : explain(binding, topic, true, wanted);
            if (denied != null) {
                return denied;
            }
        }
        TopicName response = message.properties().responseTopic();
        if (response != null && binding.policy.policy().defaults().checkResponseTopics()) {
            int receive = walk.decide(trie, binding, response.text(), Bits.DENY_SUBSCRIBE);
            if ((receive & Bits.DENY_SUBSCRIBE) != 0 || (receive & Bits.RECEIVE) == 0) {
                return new Denied(
                        ReasonCode.NOT_AUTHORIZED,
                        NO_RULE,
                        "its response topic \"" + response + "\" is not one it may subscribe to");
            }
        }
        return null;
    }

    /** Items with a payload cap: the one with room admits the message; null if one does. */
    private @Nullable Denied cappedDenial(Binding binding, Message message, int wanted) {
        int size = message.payload().sizeBytes();
        boolean[] found = new boolean[2];
        walk().visit(binding.policy.trie(), binding, message.topic().text(), (rule, denyOnly) -> {
            Item item = rule.item();
            if (item == null || !rule.publish() || denyOnly) {
                return;
            }
            if ((Bits.publishUpTo(item.maxQos(), item.retain()) & wanted) != 0) {
                found[0] = true;
                found[1] |= size <= item.maxPayloadBytes();
            }
        });
        if (found[1]) {
            return null;
        }
        return found[0]
                ? new Denied(
                        ReasonCode.QUOTA_EXCEEDED,
                        NO_RULE,
                        "a payload of " + size + " bytes is more than its rule allows")
                : explain(binding, message.topic().text(), true, wanted);
    }

    /** The refusal of a publish or receive, with the rule that decided. */
    private Denied explain(Binding binding, String topic, boolean publish, int wanted) {
        Rule[] deciding = new Rule[1];
        boolean[] otherwise = new boolean[1];
        walk().visit(binding.policy.trie(), binding, topic, (rule, denyOnly) -> {
            if (rule.publish() == publish && rule.isDeny() && deciding[0] == null) {
                deciding[0] = rule;
            }
            otherwise[0] |= rule.publish() == publish && !rule.isDeny() && !denyOnly && (rule.bits() & wanted) == 0;
        });
        if (deciding[0] != null) {
            return new Denied(
                    ReasonCode.NOT_AUTHORIZED,
                    deciding[0].place(),
                    "denied by \"" + deciding[0].pattern() + "\" of role \""
                            + deciding[0].role().name() + "\"");
        }
        return new Denied(
                ReasonCode.NOT_AUTHORIZED,
                NO_RULE,
                otherwise[0]
                        ? "a rule allows the topic, but not this quality of service or retain"
                        : "no rule allows " + (publish ? "publishing to" : "receiving from") + " it");
    }

    boolean mayReceive(Rights rights, TopicName topic) {
        return mayReceive(rights.binding(), topic.text());
    }

    boolean mayReceive(Binding binding, String topic) {
        if (binding.refusal != null) {
            return false;
        }
        int bits = walk().decide(binding.policy.trie(), binding, topic, Bits.DENY_SUBSCRIBE);
        return (bits & Bits.DENY_SUBSCRIBE) == 0 && (bits & Bits.RECEIVE) != 0;
    }

    /** May it subscribe? The answer tells the truth about the whole filter. */
    public SubscribeDecision subscribe(Rights rights, Subscription subscription) {
        long stamp = rights.stamp();
        Binding binding = rights.binding();
        TopicFilter filter = subscription.filter();
        Verdict verdict = verdict(binding, filter);
        if (!verdict.isGranted()) {
            return subscribeDenial(binding, filter, verdict);
        }
        Qos granted = grantedQos(binding, filter, subscription.qos());
        return new AuthorizedSubscription(rights, subscription.granted(granted), verdict, stamp);
    }

    Verdict verdict(Rights rights, TopicFilter filter) {
        return verdict(rights.binding(), filter);
    }

    Verdict verdict(Binding binding, TopicFilter filter) {
        if (binding.refusal != null) {
            return Verdict.NO_ALLOW;
        }
        Walk walk = walk();
        Trie trie = binding.policy.trie();
        String pattern = filter.pattern();
        if (walk.covers(trie, binding, pattern, Bits.DENY_SUBSCRIBE, null)) {
            return Verdict.ALL_DENIED;
        }
        boolean covered = walk.covers(trie, binding, pattern, Bits.RECEIVE, null);
        boolean wide = false;
        if (!covered) {
            if (!walk.overlaps(trie, binding, pattern, Bits.RECEIVE)) {
                return Verdict.NO_ALLOW;
            }
            if (!binding.policy.policy().defaults().filterWideSubscriptions()) {
                return Verdict.WIDER_THAN_ALLOWED;
            }
            wide = true;
        }
        String group = filter.shareGroup().orElse(null);
        if (group != null && !walk.covers(trie, binding, pattern, Bits.RECEIVE, group)) {
            return Verdict.GROUP_NOT_ALLOWED;
        }
        if (!wide && !walk.overlaps(trie, binding, pattern, Bits.DENY_SUBSCRIBE)) {
            return Verdict.GRANT;
        }
        return !wide && binding.policy.policy().defaults().rejectHoles() ? Verdict.HOLES : Verdict.GRANT_AND_FILTER;
    }

    /** The highest quality of service that the rules cover the whole filter with. */
    Qos grantedQos(Binding binding, TopicFilter filter, Qos wanted) {
        for (int level = wanted.level(); level > 0; level--) {
            Qos qos = Qos.of(level);
            if (walk().covers(binding.policy.trie(), binding, filter.pattern(), Bits.subscribe(qos), null)) {
                return qos;
            }
        }
        return Qos.AT_MOST_ONCE;
    }

    Denied subscribeDenial(Binding binding, TopicFilter filter, Verdict verdict) {
        String explanation = switch (verdict) {
            case ALL_DENIED -> "all of \"" + filter + "\" is denied";
            case WIDER_THAN_ALLOWED ->
                "\"" + filter + "\" is wider than allowed"
                        + WidestFilter.within(this, binding, filter)
                                .map(widest -> "; the widest filter that would be granted is \"" + widest + "\"")
                                .orElse("");
            case HOLES -> "a deny makes holes in \"" + filter + "\", and the policy refuses those";
            case GROUP_NOT_ALLOWED ->
                "no rule lets it join the share group \"" + filter.shareGroup().orElse("") + "\"";
            default ->
                binding.refusal != null
                        ? binding.refusal.explanation()
                        : "no rule allows subscribing to \"" + filter + "\"";
        };
        String rule = verdict == Verdict.ALL_DENIED
                ? Explanation.firstDeny(binding, walk(), filter.pattern()).orElse(NO_RULE)
                : NO_RULE;
        return new Denied(ReasonCode.NOT_AUTHORIZED, rule, explanation);
    }

    /** May a retained message that this publisher left still be replayed? */
    public boolean mayStillPublish(Rights publisher, TopicName topic) {
        if (isSystem(publisher.principal())) {
            return isSys(topic.text());
        }
        Binding binding = publisher.binding();
        if (binding.refusal != null) {
            return false;
        }
        int bits = walk().decide(binding.policy.trie(), binding, topic.text(), Bits.DENY_PUBLISH);
        int anyRetained = Bits.publishUpTo(Qos.EXACTLY_ONCE, true) & ~Bits.publishUpTo(Qos.EXACTLY_ONCE, false);
        return (bits & Bits.DENY_PUBLISH) == 0 && (bits & (anyRetained | Bits.CAPPED)) != 0;
    }

    /**
     * After the policy changed: may it stay connected? Null: yes.
     *
     * <p>Its {@link Rights} are bound anew by the question.
     */
    public @Nullable Denied standing(Rights rights) {
        return rights.binding().refusal;
    }

    /**
     * The owner of a connection proved itself anew, as a token that is renewed does. Null: its rights are the new ones now.
     */
    public @Nullable Denied renew(Rights rights, Principal renewed) {
        if (!renewed.owner().equals(rights.principal().owner())) {
            return new Denied(ReasonCode.NOT_AUTHORIZED, NO_RULE, "it is somebody else now: " + renewed);
        }
        Binding binding = bind(renewed, rights.clientId());
        if (binding.refusal == null) {
            rights.renew(renewed, binding);
        }
        return binding.refusal;
    }

    Walk walk() {
        return walks.get();
    }

    /** Answers for a made-up subject, for the policy's own tests and {@code policy explain}: words, never proofs. */
    public static Explanation.Asker asker(PolicySet set, Clock clock) {
        return new Explanation.Asker(new Authorizer(set, clock), set, clock);
    }
}
