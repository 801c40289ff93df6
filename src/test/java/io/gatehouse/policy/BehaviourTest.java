package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.authn.Principal;
import io.gatehouse.authn.Subject;
import io.gatehouse.authn.SystemPrincipals;
import io.gatehouse.authn.TestPrincipals;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Caps, groups, wills, reloads and the broker's own topics: the rows of behaviour, as far as the authorizer answers. */
class BehaviourTest {
    private static final String NO_RULE = "no rule allows it";

    @Test
    void publish_overItsRulesQos_isRefused() {
        Authorizer authorizer = publishing(item("a", Qos.AT_LEAST_ONCE, true, Limits.UNLIMITED));

        assertThat(publish(authorizer, "a", Qos.AT_LEAST_ONCE, false, 0)).isInstanceOf(AuthorizedPublish.class);
        assertThat(publish(authorizer, "a", Qos.EXACTLY_ONCE, false, 0))
                .isEqualTo(new Denied(
                        ReasonCode.NOT_AUTHORIZED,
                        NO_RULE,
                        "a rule allows the topic, but not this quality of service or retain"));
    }

    @Test
    void subscribe_overItsRulesQos_isGrantedLess() {
        Authorizer authorizer = subscribing(item("a/#", Qos.AT_LEAST_ONCE, true, Limits.UNLIMITED));

        assertThat(granted(authorizer, "a/#", Qos.EXACTLY_ONCE)).isEqualTo(Qos.AT_LEAST_ONCE);
        assertThat(granted(authorizer, "a/#", Qos.AT_MOST_ONCE)).isEqualTo(Qos.AT_MOST_ONCE);
    }

    @Test
    void subscribe_withMoreQosForAPart_isGrantedWhatHoldsForAll() {
        Authorizer authorizer = subscribing(
                item("a/#", Qos.AT_LEAST_ONCE, true, Limits.UNLIMITED),
                item("a/b", Qos.EXACTLY_ONCE, true, Limits.UNLIMITED));

        assertThat(granted(authorizer, "a/#", Qos.EXACTLY_ONCE)).isEqualTo(Qos.AT_LEAST_ONCE);
        assertThat(granted(authorizer, "a/b", Qos.EXACTLY_ONCE)).isEqualTo(Qos.EXACTLY_ONCE);
    }

    @Test
    void publish_retainedWhereNoneIsAllowed_isRefused_deletingToo() {
        Authorizer authorizer = publishing(item("a", Qos.EXACTLY_ONCE, false, Limits.UNLIMITED));

        assertThat(publish(authorizer, "a", Qos.AT_MOST_ONCE, false, 3)).isInstanceOf(AuthorizedPublish.class);
        assertThat(publish(authorizer, "a", Qos.AT_MOST_ONCE, true, 3)).isInstanceOf(Denied.class);
        assertThat(publish(authorizer, "a", Qos.AT_MOST_ONCE, true, 0)).isInstanceOf(Denied.class);
    }

    @Test
    void publish_overItsRulesPayload_isOverTheQuota_unlessAnotherRuleHasRoom() {
        Authorizer one = publishing(item("a", Qos.EXACTLY_ONCE, true, 10));
        Authorizer two = publishing(item("a", Qos.EXACTLY_ONCE, true, 10), item("+", Qos.AT_MOST_ONCE, false, 20));

        assertThat(publish(one, "a", Qos.AT_MOST_ONCE, false, 10)).isInstanceOf(AuthorizedPublish.class);
        assertThat(publish(one, "a", Qos.AT_MOST_ONCE, false, 11))
                .isEqualTo(new Denied(
                        ReasonCode.QUOTA_EXCEEDED, NO_RULE, "a payload of 11 bytes is more than its rule allows"));
        assertThat(publish(two, "a", Qos.AT_MOST_ONCE, false, 20)).isInstanceOf(AuthorizedPublish.class);
        assertThat(publish(two, "a", Qos.AT_LEAST_ONCE, false, 20))
                .extracting(decision -> ((Denied) decision).reason())
                .isEqualTo(ReasonCode.QUOTA_EXCEEDED);
        assertThat(publish(one, "b", Qos.AT_MOST_ONCE, false, 11))
                .extracting(decision -> ((Denied) decision).reason())
                .isEqualTo(ReasonCode.NOT_AUTHORIZED);
    }

    @Test
    void connect_withAWillItMayNotPublish_isRefused() {
        Authorizer authorizer = TestPolicies.authorizer("pub a");
        Principal ann = TestPrincipals.user("ann");

        assertThat(authorizer.connect(ann, new ClientId("c"), message("a", 0))).isInstanceOf(AuthorizedConnect.class);
        assertThat(authorizer.connect(ann, new ClientId("c"), message("b", 0)))
                .isEqualTo(new Denied(ReasonCode.NOT_AUTHORIZED, NO_RULE, "its will: no rule allows publishing to it"));
    }

    @Test
    void will_whoseRightWasTakenAway_isRefusedWhenItFires() {
        Authorizer authorizer = TestPolicies.authorizer("pub a", "sub b");
        Rights rights = TestPolicies.rights(authorizer);
        assertThat(authorizer.publish(rights, message("a", 0))).isInstanceOf(AuthorizedPublish.class);

        authorizer.replace(TestPolicies.set("sub b"));

        assertThat(authorizer.publish(rights, message("a", 0))).isInstanceOf(Denied.class);
    }

    @Test
    void shareGroup_withoutTheWord_isRefused() {
        Authorizer authorizer = subscribing(item("jobs/#", Qos.EXACTLY_ONCE, true, Limits.UNLIMITED));

        assertThat(subscribe(authorizer, "jobs/#")).isInstanceOf(AuthorizedSubscription.class);
        assertThat(subscribe(authorizer, "$share/g/jobs/#"))
                .isEqualTo(new Denied(
                        ReasonCode.NOT_AUTHORIZED,
                        NO_RULE,
                        "no rule lets it join the share group \"g\" on \"jobs/#\""));
    }

    @Test
    void shareGroup_isItsExactName_orAStar() {
        Item item = new Item(
                TestPolicies.pattern("jobs/#"),
                Qos.EXACTLY_ONCE,
                true,
                Limits.UNLIMITED,
                List.of("workers", "night*"),
                false);
        Authorizer authorizer = subscribing(item);

        assertThat(subscribe(authorizer, "$share/workers/jobs/#")).isInstanceOf(AuthorizedSubscription.class);
        assertThat(subscribe(authorizer, "$share/nightshift/jobs/x")).isInstanceOf(AuthorizedSubscription.class);
        assertThat(subscribe(authorizer, "$share/workers2/jobs/#")).isInstanceOf(Denied.class);
        assertThat(subscribe(authorizer, "$share/worker/jobs/#")).isInstanceOf(Denied.class);
    }

    @Test
    void grantedSubscription_afterADenyCutsIt_isFilteredFromTheNextMessageOn() {
        Authorizer authorizer = TestPolicies.authorizer("sub home/#");
        AuthorizedSubscription subscription = (AuthorizedSubscription) subscribe(authorizer, "home/#");
        assertThat(subscription.verdict()).isEqualTo(Verdict.GRANT);
        assertThat(subscription.permits(TopicName.of("home/alarm"))).isTrue();

        authorizer.replace(TestPolicies.set("sub home/#", "deny sub home/alarm/#"));

        assertThat(subscription.permits(TopicName.of("home/alarm"))).isFalse();
        assertThat(subscription.permits(TopicName.of("home/kitchen"))).isTrue();
        assertThat(subscription.verdict()).isEqualTo(Verdict.GRANT_AND_FILTER);
    }

    @Test
    void grantedSubscription_whoseAllowIsGone_sleepsUntilItIsBack() {
        Authorizer authorizer = TestPolicies.authorizer("sub home/#", "sub other");
        AuthorizedSubscription subscription = (AuthorizedSubscription) subscribe(authorizer, "home/#");

        authorizer.replace(TestPolicies.set("sub other"));
        assertThat(subscription.permits(TopicName.of("home/kitchen"))).isFalse();

        authorizer.replace(TestPolicies.set("sub home/+", "sub other"));
        assertThat(subscription.permits(TopicName.of("home/kitchen")))
                .as("it is wider than allowed now")
                .isFalse();

        authorizer.replace(TestPolicies.set("sub home/#", "sub other"));
        assertThat(subscription.permits(TopicName.of("home/kitchen"))).isTrue();
    }

    @Test
    void replace_takesEffectBeforeItReturns() {
        Authorizer authorizer = TestPolicies.authorizer("pub a", "sub a");
        Rights rights = TestPolicies.rights(authorizer);
        for (int i = 0; i < 100; i++) {
            boolean open = i % 2 == 1;
            authorizer.replace(open ? TestPolicies.set("pub a", "sub a") : TestPolicies.set("sub b"));

            assertThat(authorizer.publish(rights, message("a", 0)) instanceof AuthorizedPublish)
                    .isEqualTo(open);
        }
    }

    @Test
    void standing_afterTheLastRoleIsGone_isARefusal() {
        Authorizer authorizer = TestPolicies.authorizer("pub a");
        Rights rights = TestPolicies.rights(authorizer);
        assertThat(authorizer.look(rights).gone()).isNull();

        authorizer.replace(PolicySet.empty());

        assertThat(authorizer.look(rights).gone())
                .isEqualTo(new Denied(ReasonCode.NOT_AUTHORIZED, NO_RULE, "\"tester\" has no role"));
    }

    @Test
    void responseTopic_thatItMayNotHear_isRefused() {
        Authorizer authorizer = TestPolicies.authorizer("pub ask", "sub answers/me");
        Rights rights = TestPolicies.rights(authorizer);

        assertThat(authorizer.publish(rights, asking("answers/me"))).isInstanceOf(AuthorizedPublish.class);
        assertThat(authorizer.publish(rights, asking("answers/you")))
                .isEqualTo(new Denied(
                        ReasonCode.NOT_AUTHORIZED,
                        NO_RULE,
                        "its response topic \"answers/you\" is not one it may subscribe to",
                        true));
    }

    @Test
    void responseTopic_notChecked_isTheClientsBusiness() {
        Authorizer authorizer = authorizer(
                new Policy.Defaults(false, false, false), TestPolicies.role("r", List.of("pub ask"), List.of()));

        assertThat(authorizer.publish(TestPolicies.rights(authorizer), asking("answers/you")))
                .isInstanceOf(AuthorizedPublish.class);
    }

    @Test
    void sysTopics_arePublishedByTheBrokerOnly_whateverThePolicySays() {
        Authorizer authorizer = TestPolicies.authorizer("pub #", "pub $SYS/#", "pub $SYSTEM/x");
        Rights anybody = TestPolicies.rights(authorizer);
        Rights broker = TestPolicies.rights(authorizer, SystemPrincipals.sys());
        Rights named = TestPolicies.rights(authorizer, TestPrincipals.user("$sys"));

        for (String topic : List.of("$SYS", "$SYS/", "$SYS/broker/uptime")) {
            assertThat(authorizer.publish(anybody, message(topic, 0)))
                    .isEqualTo(new Denied(
                            ReasonCode.NOT_AUTHORIZED, "built in", "nobody but the broker publishes below $SYS"));
            assertThat(authorizer.publish(named, message(topic, 0))).isInstanceOf(Denied.class);
            assertThat(authorizer.publish(broker, message(topic, 0))).isInstanceOf(AuthorizedPublish.class);
            assertThat(authorizer.mayStillPublish(anybody, TopicName.of(topic))).isFalse();
            assertThat(authorizer.mayStillPublish(broker, TopicName.of(topic))).isTrue();
        }
        assertThat(authorizer.publish(broker, message("a", 0))).isInstanceOf(Denied.class);
        assertThat(authorizer.publish(anybody, message("$SYSTEM/x", 0))).isInstanceOf(AuthorizedPublish.class);
    }

    @Test
    void retainedMessage_ofAPublisherThatLostItsRight_isNotReplayed() {
        Authorizer authorizer = TestPolicies.authorizer("pub a/#");
        Rights publisher = TestPolicies.rights(authorizer);
        assertThat(authorizer.mayStillPublish(publisher, TopicName.of("a/b"))).isTrue();

        authorizer.replace(TestPolicies.set("pub a/#", "deny pub a/b"));

        assertThat(authorizer.mayStillPublish(publisher, TopicName.of("a/b"))).isFalse();
        assertThat(authorizer.mayStillPublish(publisher, TopicName.of("a/c"))).isTrue();
    }

    @Test
    void retainedMessage_whereRetainIsNoLongerAllowed_isNotReplayed() {
        Authorizer authorizer = publishing(item("a", Qos.EXACTLY_ONCE, false, Limits.UNLIMITED));

        assertThat(authorizer.mayStillPublish(TestPolicies.rights(authorizer), TopicName.of("a")))
                .isFalse();
    }

    @Test
    void wideSubscriptions_whereThePolicySaysFilter_areGrantedAndFiltered() {
        Authorizer authorizer = authorizer(
                new Policy.Defaults(true, false, true),
                TestPolicies.role("r", List.of("sub a/#", "deny sub a/x"), List.of()));
        AuthorizedSubscription all = (AuthorizedSubscription) subscribe(authorizer, "#");

        assertThat(all.subscription().qos()).isEqualTo(Qos.EXACTLY_ONCE);
        assertThat(all.permits(TopicName.of("a/b"))).isTrue();
        assertThat(all.permits(TopicName.of("a/x"))).isFalse();
        assertThat(all.permits(TopicName.of("b"))).isFalse();
        assertThat(subscribe(authorizer, "b/#")).isInstanceOf(Denied.class);
    }

    @Test
    void wideSubscriptions_withoutAnyDeny_areFilteredToo() {
        Authorizer authorizer = authorizer(
                new Policy.Defaults(true, false, true), TestPolicies.role("r", List.of("sub a/#"), List.of()));
        AuthorizedSubscription all = (AuthorizedSubscription) subscribe(authorizer, "#");

        assertThat(all.verdict()).isEqualTo(Verdict.GRANT_AND_FILTER);
        assertThat(all.permits(TopicName.of("a/b"))).isTrue();
        assertThat(all.permits(TopicName.of("b"))).isFalse();
    }

    @Test
    void oneMessage_forTwoOfOneRole_isJudgedForEachByItsOwnValues() {
        Authorizer authorizer = TestPolicies.authorizer("sub site/#", "deny sub site/<id>/secret");
        AuthorizedSubscription one = subscribedTo(authorizer, withId("u", "one"), "site/#");
        AuthorizedSubscription two = subscribedTo(authorizer, withId("v", "two"), "site/#");
        TopicName topic = TopicName.of("site/one/secret");

        assertThat(one.permits(topic)).isFalse();
        assertThat(two.permits(topic)).isTrue();
        assertThat(one.permits(topic)).isFalse();
    }

    private static AuthorizedSubscription subscribedTo(Authorizer authorizer, Principal who, String filter) {
        return (AuthorizedSubscription) authorizer.subscribe(
                TestPolicies.rights(authorizer, who), Subscription.of(TopicFilter.of(filter), Qos.AT_MOST_ONCE));
    }

    @Test
    void wideSubscriptions_areGrantedTheQosThatHoldsForAllThatIsAllowed() {
        Role role = role(
                List.of(),
                List.of(
                        item("a", Qos.EXACTLY_ONCE, true, Limits.UNLIMITED),
                        item("b", Qos.AT_MOST_ONCE, true, Limits.UNLIMITED)));
        Authorizer authorizer = authorizer(new Policy.Defaults(true, false, true), role);

        assertThat(granted(authorizer, "#", Qos.EXACTLY_ONCE)).isEqualTo(Qos.AT_MOST_ONCE);
        assertThat(granted(authorizer, "a/#", Qos.EXACTLY_ONCE)).isEqualTo(Qos.EXACTLY_ONCE);
    }

    @Test
    void holes_whereThePolicySaysReject_areRefused() {
        Authorizer authorizer = authorizer(
                new Policy.Defaults(false, true, true),
                TestPolicies.role("r", List.of("sub a/#", "deny sub a/x"), List.of()));

        assertThat(subscribe(authorizer, "a/#"))
                .extracting(decision -> ((Denied) decision).explanation())
                .isEqualTo("a deny makes holes in \"a/#\", and the policy refuses those");
        assertThat(subscribe(authorizer, "a/b/#")).isInstanceOf(AuthorizedSubscription.class);
    }

    @Test
    void widerThanAllowed_namesTheWidestThatWouldBeGranted() {
        Authorizer authorizer = TestPolicies.authorizer("sub home/+/x", "sub home/kitchen/#", "deny sub home/alarm/#");

        assertThat(subscribe(authorizer, "home/#"))
                .extracting(decision -> ((Denied) decision).explanation())
                .isEqualTo("\"home/#\" is wider than allowed; the widest filter that would be granted is "
                        + "\"home/kitchen/#\"");
    }

    @Test
    void allDenied_namesTheRule() {
        Authorizer authorizer = TestPolicies.authorizer("sub home/#", "deny sub home/alarm/#");

        assertThat(subscribe(authorizer, "home/alarm/+"))
                .isEqualTo(new Denied(ReasonCode.NOT_AUTHORIZED, "test.yaml:1", "all of \"home/alarm/+\" is denied"));
    }

    @Test
    void deniedPublish_namesTheRule() {
        Authorizer authorizer = TestPolicies.authorizer("pub a/#", "deny pub a/+/admin");

        assertThat(publish(authorizer, "a/x/admin", Qos.AT_MOST_ONCE, false, 0))
                .isEqualTo(new Denied(
                        ReasonCode.NOT_AUTHORIZED, "test.yaml:1", "denied by \"a/+/admin\" of role \"tester\""));
    }

    @Test
    void renew_withOtherRights_takesEffectAtOnce() {
        Authorizer authorizer = TestPolicies.authorizer("pub <id>/x", "sub <id>/x");
        Rights rights = TestPolicies.rights(authorizer, withId("u", "one"));
        AuthorizedSubscription subscription = (AuthorizedSubscription)
                authorizer.subscribe(rights, Subscription.of(TopicFilter.of("one/x"), Qos.AT_MOST_ONCE));
        assertThat(subscription.permits(TopicName.of("one/x"))).isTrue();

        assertThat(authorizer.renew(rights, withId("u", "two"))).isNull();

        assertThat(authorizer.publish(rights, message("one/x", 0))).isInstanceOf(Denied.class);
        assertThat(authorizer.publish(rights, message("two/x", 0))).isInstanceOf(AuthorizedPublish.class);
        assertThat(subscription.permits(TopicName.of("one/x"))).isFalse();
    }

    @Test
    void renew_asSomebodyElse_isRefusedAndChangesNothing() {
        Authorizer authorizer = TestPolicies.authorizer("pub <id>/x");
        Rights rights = TestPolicies.rights(authorizer, withId("u", "one"));

        assertThat(authorizer.renew(rights, withId("v", "two"))).isNotNull();
        assertThat(authorizer.renew(rights, withId("u", "no/level"))).isNotNull();

        assertThat(authorizer.publish(rights, message("one/x", 0))).isInstanceOf(AuthorizedPublish.class);
    }

    /** The user name of a token can come from another claim than its subject, and that of a login from its certificate. */
    @Test
    void renew_withATokenOfAnotherSubjectOrIssuer_isRefusedAndChangesNothing() {
        Authorizer authorizer = TestPolicies.authorizer("pub <id>/x");
        Rights rights = TestPolicies.rights(authorizer, held("one", "sub-1", "https://a.example"));

        for (Principal other : List.of(
                held("two", "sub-2", "https://a.example"),
                held("two", "sub-1", "https://b.example"),
                withId("u", "two"))) {
            assertThat(authorizer.renew(rights, other)).isInstanceOf(Denied.class);
        }

        assertThat(authorizer.publish(rights, message("one/x", 0))).isInstanceOf(AuthorizedPublish.class);
        assertThat(authorizer.renew(rights, held("two", "sub-1", "https://a.example")))
                .isNull();
        assertThat(authorizer.publish(rights, message("two/x", 0))).isInstanceOf(AuthorizedPublish.class);
    }

    private static Principal held(String id, String subject, String issuer) {
        Map<String, List<String>> claims =
                Map.of("jwt.id", List.of(id), "jwt.sub", List.of(subject), "jwt.iss", List.of(issuer));
        return TestPrincipals.of(new Subject("u", java.util.Set.of(), "", null, claims), "certificate", null);
    }

    private static Principal withId(String user, String id) {
        return TestPrincipals.of(
                new Subject(user, java.util.Set.of(), "", null, Map.of("jwt.id", List.of(id))), "jwt:x", null);
    }

    private static Authorizer publishing(Item... items) {
        return authorizer(Policy.Defaults.STRICT, role(List.of(items), List.of()));
    }

    private static Authorizer subscribing(Item... items) {
        return authorizer(Policy.Defaults.STRICT, role(List.of(), List.of(items)));
    }

    private static Role role(List<Item> publish, List<Item> subscribe) {
        return new Role(
                "r",
                List.of(),
                List.of(),
                publish,
                subscribe,
                List.of(),
                List.of(),
                Limits.NONE,
                List.of(),
                false,
                TestPolicies.PLACE);
    }

    private static Authorizer authorizer(Policy.Defaults defaults, Role role) {
        Policy policy = TestPolicies.policy(List.of(role));
        Policy with = new Policy(
                defaults,
                policy.variables(),
                policy.roles(),
                policy.groups(),
                policy.users(),
                policy.assignments(),
                policy.everyone(),
                policy.tests(),
                policy.files());
        return new Authorizer(TestPolicies.compiled(with), TestPolicies.CLOCK);
    }

    private static Item item(String topic, Qos maxQos, boolean retain, long maxPayloadBytes) {
        return new Item(TestPolicies.pattern(topic), maxQos, retain, maxPayloadBytes, List.of(), false);
    }

    private static PublishDecision publish(Authorizer authorizer, String topic, Qos qos, boolean retain, int bytes) {
        Message message = Message.of(topic, qos, retain, Payload.wrap(new byte[bytes]));
        return authorizer.publish(TestPolicies.rights(authorizer), message);
    }

    private static SubscribeDecision subscribe(Authorizer authorizer, String filter) {
        return authorizer.subscribe(
                TestPolicies.rights(authorizer), Subscription.of(TopicFilter.of(filter), Qos.EXACTLY_ONCE));
    }

    private static Qos granted(Authorizer authorizer, String filter, Qos wanted) {
        SubscribeDecision decision =
                authorizer.subscribe(TestPolicies.rights(authorizer), Subscription.of(TopicFilter.of(filter), wanted));
        return ((AuthorizedSubscription) decision).subscription().qos();
    }

    private static Message message(String topic, int bytes) {
        return Message.of(topic, Qos.AT_MOST_ONCE, false, Payload.wrap(new byte[bytes]));
    }

    private static Message asking(String responseTopic) {
        return asking("ask", responseTopic);
    }

    static Message asking(String topic, String responseTopic) {
        return message(topic, 0).withProperties(responding(responseTopic));
    }

    private static MessageProperties responding(String topic) {
        return new MessageProperties(
                false, MessageProperties.NEVER_EXPIRES, null, TopicName.of(topic), null, List.of());
    }
}
