package io.gatehouse.policy;

import io.gatehouse.authn.Principal;
import io.gatehouse.authn.SystemPrincipals;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a principal may do, and is the only maker of the proofs that the rest of the broker asks for. Any
 * thread; never blocks.
 *
 * <p>The policy in force is one reference and its epoch: {@link #replace} swaps them, and every question after it is
 * answered under the new one. Pure: it records nothing. Whoever asks writes the audit event.
 */
public final class Authorizer {
    private final Clock clock;
    private final ShadowListener shadows;
    private final ThreadLocal<Judge> judges = ThreadLocal.withInitial(Judge::new);
    private volatile InForce inForce;

    /**
     * A policy and the number of its reign.
     *
     * @param revision of its signature, or counts the policies that were put in force; an epoch begins with a time window too
     * @param since when its time windows were looked at
     * @param until when the next of them opens or closes; null: never
     */
    private record InForce(
            PolicySet set,
            long epoch,
            long revision,
            Instant since,
            @Nullable Instant until) {}

    public Authorizer(PolicySet set, Clock clock) {
        this(set, clock, ShadowListener.NONE);
    }

    public Authorizer(PolicySet set, Clock clock, ShadowListener shadows) {
        this.clock = clock;
        this.shadows = shadows;
        this.inForce = reign(set, 1, 1);
    }

    /** Takes the revision that the first policy was signed with for its number. */
    public synchronized void number(long revision) {
        InForce first = inForce;
        inForce = new InForce(first.set, first.epoch, revision, first.since, first.until);
    }

    private InForce reign(PolicySet set, long epoch, long revision) {
        Instant now = clock.instant();
        return new InForce(set, epoch, revision, now, set.nextBoundary(now).orElse(null));
    }

    public PolicySet policy() {
        return inForce.set;
    }

    /** Counts up whenever an answer may have changed. */
    public long epoch() {
        return inForce.epoch;
    }

    /** Which policy it is: as it was signed, else counted since the start of the broker, where the first is 1. */
    public long revision() {
        return inForce.revision;
    }

    /** Puts another policy in force, whole, from the next question on. */
    public synchronized void replace(PolicySet set) {
        replace(set, inForce.revision + 1);
    }

    /** The same, with the revision that it was signed with. */
    public synchronized void replace(PolicySet set, long revision) {
        inForce = reign(set, inForce.epoch + 1, revision);
    }

    /** What would come of another policy. */
    public Prospect prospect(PolicySet next) {
        return new Prospect(this, next, clock.instant());
    }

    /** When the next time window of the policy opens or closes: {@link #tick} is due then. */
    public Optional<Instant> nextBoundary() {
        return Optional.ofNullable(inForce.until);
    }

    /**
     * Looks whether a time window opened or closed; called once a second, so that no clock is read per message.
     *
     * @return whether one did, and sessions are to be looked at
     */
    public synchronized boolean tick() {
        InForce reign = inForce;
        Instant now = clock.instant();
        boolean passed = reign.until != null && !now.isBefore(reign.until);
        // a clock that was set back may be in front of a boundary again
        boolean setBack =
                now.isBefore(reign.since) && reign.set.nextBoundary(now).isPresent();
        if (passed || setBack) {
            inForce = reign(reign.set, reign.epoch + 1, reign.revision);
        }
        return passed || setBack;
    }

    Binding bind(Principal principal, ClientId clientId) {
        InForce now = inForce;
        return isBroker(principal) || isEnrolment(principal)
                ? Binding.ofNobody(now.set, now.epoch)
                : now.set.bind(principal.subject(), clientId.text(), clock.instant(), now.epoch);
    }

    static boolean isBroker(Principal principal) {
        return principal.owner().equals(SystemPrincipals.sys().owner());
    }

    private static boolean isEnrolment(Principal principal) {
        return principal.owner().equals(SystemPrincipals.enrolment().owner());
    }

    /** May it connect under this client id, with this will? */
    public ConnectDecision connect(Principal principal, ClientId clientId, @Nullable Message will) {
        Binding binding = bind(principal, clientId);
        if (binding.refusal() != null) {
            return binding.refusal();
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
        Denied denied = isBroker(rights.principal())
                ? brokersOwn(message.topic().text())
                : judges.get().publish(binding, message);
        if (shadows != ShadowListener.NONE && binding.roleClass().hasShadow()) {
            boolean would = judges.get().rulesAllow(binding, message, true);
            // a response topic is no matter of the rules that are compared
            if (denied == null || !judges.get().rulesAllow(binding, message, false)) {
                compare(rights, "publish", message.topic().text(), denied == null, would, Bits.ALL_PUBLISH);
            }
        }
        return denied == null ? new AuthorizedPublish(rights, message) : denied;
    }

    /** The broker itself publishes below {@code $SYS}, where nobody else does, and nowhere else. */
    private static @Nullable Denied brokersOwn(String topic) {
        return Judge.isSys(topic)
                ? null
                : new Denied(
                        ReasonCode.NOT_AUTHORIZED, Denials.BUILT_IN, "the broker itself publishes below $SYS only");
    }

    /**
     * May enrolment answer whoever asked with this message? Where the asker may receive, and not to be kept: nobody makes
     * the broker say something in a place of another's.
     *
     * @param enrolment the rights of enrolment's own principal, which by themselves are none
     */
    public PublishDecision answer(Rights enrolment, Rights asker, Message answer) {
        String topic = answer.topic().text();
        if (!isEnrolment(enrolment.principal()) || answer.retain() || Judge.isSys(topic)) {
            return new Denied(ReasonCode.NOT_AUTHORIZED, Denials.BUILT_IN, "only enrolment answers, and not for keeps");
        }
        if (!judges.get().receives(asker.binding(), answer.topic())) {
            return Denials.responseTopic(answer.topic());
        }
        return new AuthorizedPublish(enrolment, answer);
    }

    /** May it subscribe? The answer tells the truth about the whole filter. */
    public SubscribeDecision subscribe(Rights rights, Subscription subscription) {
        long stamp = rights.stamp();
        Binding binding = rights.binding();
        TopicFilter filter = subscription.filter();
        Judge judge = judges.get();
        Verdict verdict = judge.verdict(binding, filter, false);
        if (shadows != ShadowListener.NONE && binding.roleClass().hasShadow()) {
            boolean would = judge.verdict(binding, filter, true).isGranted();
            compare(rights, "subscribe", filter.pattern(), verdict.isGranted(), would, Bits.RECEIVE);
        }
        if (!verdict.isGranted()) {
            return judge.refused(binding, filter, verdict);
        }
        Qos granted = judge.granted(binding, filter, subscription.qos());
        return new AuthorizedSubscription(rights, subscription.granted(granted), verdict, stamp);
    }

    /** The grounds on which a message was just allowed; empty if the policy in force now, another one, does not allow it. */
    public Optional<Grounds> grounds(AuthorizedPublish allowed) {
        Rights rights = allowed.publisher();
        Message message = allowed.message();
        return grounds(
                rights,
                binding -> judges.get()
                        .allowing(
                                binding,
                                message.topic().text(),
                                Bits.publish(message.qos(), message.retain()),
                                message.payload().sizeBytes()));
    }

    /** The grounds on which a subscription was just granted; empty if the policy in force now does not grant it. */
    public Optional<Grounds> grounds(AuthorizedSubscription granted) {
        TopicFilter filter = granted.subscription().filter();
        return grounds(granted.rights(), binding -> judges.get().granting(binding, filter));
    }

    private interface Deciding {
        @Nullable
        Rule rule(Binding binding);
    }

    private Optional<Grounds> grounds(Rights rights, Deciding deciding) {
        InForce now = inForce;
        Binding binding = rights.binding();
        Rule rule = binding.epoch() == now.epoch && binding.refusal() == null ? deciding.rule(binding) : null;
        return rule == null
                ? Optional.empty()
                : Optional.of(new Grounds(
                        rule.place(),
                        "allowed by \"" + rule.pattern() + "\" of role \"" + rule.role() + "\"",
                        now.revision,
                        now.set.digest()));
    }

    /**
     * The rights of a principal that had a session, or left a message, before the broker started: under the policy in
     * force, which may give it none any more. It logs nobody in.
     */
    public Rights restore(Principal principal, ClientId clientId) {
        return new Rights(this, principal, clientId, bind(principal, clientId));
    }

    /**
     * A subscription that was granted before the broker started. Under a policy that grants it no longer it sleeps, and
     * delivers nothing, as it would had the policy changed meanwhile.
     */
    public AuthorizedSubscription restore(Rights rights, Subscription granted) {
        long stamp = rights.stamp();
        return new AuthorizedSubscription(rights, granted, verdict(rights.binding(), granted.filter()), stamp);
    }

    /** Why a filter is not granted; empty if it is. */
    Optional<Denied> refusal(Binding binding, TopicFilter filter) {
        Judge judge = judges.get();
        Verdict verdict = judge.verdict(binding, filter, false);
        return verdict.isGranted() ? Optional.empty() : Optional.of(judge.refused(binding, filter, verdict));
    }

    Verdict verdict(Binding binding, TopicFilter filter) {
        return judges.get().verdict(binding, filter, false);
    }

    /** Whether shadow statements are looked at for these rights, and none of their deliveries is waved through. */
    boolean observes(Binding binding) {
        return shadows != ShadowListener.NONE && binding.roleClass().hasShadow();
    }

    /** @param granted whether the whole filter is: then it is asked for the shadow statements only */
    boolean receives(Rights rights, TopicName topic, boolean granted) {
        Binding binding = rights.binding();
        Judge judge = judges.get();
        boolean answer = granted || judge.receives(binding, topic);
        if (shadows != ShadowListener.NONE && binding.roleClass().hasShadow()) {
            boolean would = judge.wouldReceive(binding, topic);
            compare(rights, "receive", topic.text(), answer, would, Bits.RECEIVE);
        }
        return answer;
    }

    private void compare(Rights rights, String action, String target, boolean is, boolean would, int allowBits) {
        Binding binding = rights.binding();
        if (is == would || binding.refusal() != null) {
            return;
        }
        int denyBit = allowBits == Bits.RECEIVE ? Bits.DENY_SUBSCRIBE : Bits.DENY_PUBLISH;
        Rule[] found = new Rule[1];
        judges.get()
                .meeting()
                .visit(binding, target, Bits.shadow(would ? allowBits : denyBit), Explanation.SEARCH_NODES, entry -> {
                    found[0] = binding.trie().rule(entry < 0 ? ~entry : entry, entry < 0);
                    return true;
                });
        Rule rule = found[0];
        shadows.differs(
                this,
                rights,
                new ShadowListener.Difference(
                        action, target, would, rule == null ? "" : rule.role(), rule == null ? "" : rule.place()));
    }

    /** May a retained message that this publisher left still be replayed? */
    public boolean mayStillPublish(Rights publisher, TopicName topic) {
        return isBroker(publisher.principal())
                ? Judge.isSys(topic.text())
                : judges.get().retains(publisher.binding(), topic.text());
    }

    /** After the policy changed: may it stay connected, and what of its subscriptions may it keep? */
    public Look look(Rights rights) {
        return rights.look();
    }

    /**
     * The owner of a connection proved itself anew, as a token that is renewed does. Null: its rights are the new ones now.
     */
    public @Nullable Denied renew(Rights rights, Principal renewed) {
        if (!renewed.owner().equals(rights.principal().owner())) {
            return Denials.noRule("it is somebody else now: " + Denials.quoted(renewed.user()));
        }
        // a user name can come from another claim than the subject, or from a certificate beside the token
        for (String claim : List.of("jwt.iss", "jwt.sub")) {
            if (!renewed.subject()
                    .values(claim)
                    .equals(rights.principal().subject().values(claim))) {
                return Denials.noRule("its token is another's now: " + claim + " has changed");
            }
        }
        Binding binding = bind(renewed, rights.clientId());
        if (binding.refusal() == null) {
            rights.renew(renewed, binding);
        }
        return binding.refusal();
    }

    /** Answers for made-up subjects, for the policy's own tests and {@code policy explain}: words, never proofs. */
    public static Explanation.Asker asker(PolicySet set, Clock clock) {
        return new Explanation.Asker(set, clock);
    }
}
