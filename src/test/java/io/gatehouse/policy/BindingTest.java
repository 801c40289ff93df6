package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.authn.AuthMethod;
import io.gatehouse.authn.Subject;
import io.gatehouse.config.Problem;
import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Condition;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which roles somebody has, which of them are active here and now, and what closes when that is not known. */
class BindingTest {
    private final Judge judge = new Judge();

    @Test
    void includedRole_isActiveOnlyWithWhatIncludesIt() {
        // the operator's connection comes with the operator's network, and not without
        Role connected = TestPolicies.role("connected", List.of("sub news"), List.of());
        Role operator = TestPolicies.including(
                TestPolicies.when(
                        TestPolicies.role("operator", List.of("sub plant/#"), List.of()), network("10.20.0.0/16")),
                "connected");
        PolicySet set = compiled(List.of(connected, operator), Map.of("anna", List.of("operator")), List.of());

        assertThat(bind(set, subject("anna", "10.20.3.4")).roles()).containsExactlyInAnyOrder("operator", "connected");
        assertThat(bind(set, subject("anna", "203.0.113.9")).refusal())
                .isEqualTo(new Denied(
                        ReasonCode.NOT_AUTHORIZED,
                        "no rule allows it",
                        "none of the roles [operator] is active here and now"));
        assertThat(bind(set, subject("anna", null)).refusal()).isNotNull();
    }

    @Test
    void includedRole_thatIsHeldToo_isActiveByItself() {
        Role base = TestPolicies.role("base", List.of("sub news"), List.of());
        Role away = TestPolicies.including(
                TestPolicies.when(
                        TestPolicies.role("away", List.of("sub plant/#"), List.of()), network("10.20.0.0/16")),
                "base");
        PolicySet set = compiled(List.of(base, away), Map.of("anna", List.of("away", "base")), List.of());
        Binding binding = bind(set, subject("anna", "203.0.113.9"));

        assertThat(binding.refusal()).isNull();
        assertThat(binding.roles()).containsExactly("base");
    }

    @Test
    void includedRole_behindAnUnknownCondition_keepsItsDenies() {
        Role base = TestPolicies.role("base", List.of("sub #"), List.of());
        Role strict = TestPolicies.role("strict", List.of("sub secret/mine", "deny sub secret/#"), List.of());
        Role wrap = TestPolicies.including(
                TestPolicies.when(TestPolicies.role("wrap", List.of(), List.of()), network("10.20.0.0/16")), "strict");
        PolicySet set = compiled(List.of(base, strict, wrap), Map.of("anna", List.of("base", "wrap")), List.of());

        assertThat(receives(bind(set, subject("anna", "203.0.113.9")), "secret/x"))
                .isTrue();
        assertThat(receives(bind(set, subject("anna", null)), "secret/x")).isFalse();
        assertThat(receives(bind(set, subject("anna", null)), "other")).isTrue();
    }

    @Test
    void assignment_onAnUnknownCondition_givesTheDeniesAndNotTheAllows() {
        Role base = TestPolicies.role("base", List.of("sub news", "sub plant/#"), List.of());
        Role guarded = TestPolicies.role("guarded", List.of("sub more", "deny sub plant/secret"), List.of());
        Assignment row = new Assignment(List.of(network("10.20.0.0/16")), List.of("guarded"), TestPolicies.PLACE);
        PolicySet set = compiled(List.of(base, guarded), Map.of("anna", List.of("base")), List.of(row));
        Binding unknown = bind(set, subject("anna", null));

        assertThat(receives(unknown, "more")).isFalse();
        assertThat(receives(unknown, "plant/secret")).isFalse();
        assertThat(receives(unknown, "plant/open")).isTrue();
        assertThat(receives(bind(set, subject("anna", "10.20.1.1")), "more")).isTrue();
        assertThat(receives(bind(set, subject("anna", "10.21.1.1")), "plant/secret"))
                .isTrue();
    }

    @Test
    void conditions_ofOneBlock_areAndedAndTheirValuesOred() {
        Role role = TestPolicies.when(
                TestPolicies.role("r", List.of("sub a"), List.of()),
                new Condition("auth", List.of("certificate", "jwt"), TestPolicies.PLACE),
                new Condition("cert.issuer", List.of("CN=Plant*"), TestPolicies.PLACE),
                new Condition("listener", List.of("apps"), TestPolicies.PLACE));
        PolicySet set = compiled(List.of(role), Map.of("d", List.of("r")), List.of());

        assertThat(active(set, "apps", AuthMethod.CERTIFICATE, "CN=Plant Device CA"))
                .isTrue();
        assertThat(active(set, "devices", AuthMethod.CERTIFICATE, "CN=Plant Device CA"))
                .isFalse();
        assertThat(active(set, "apps", AuthMethod.PASSWORD, "CN=Plant Device CA"))
                .isFalse();
        assertThat(active(set, "apps", AuthMethod.CERTIFICATE, "CN=Other CN=Plant"))
                .isFalse();
        assertThat(active(set, "", AuthMethod.CERTIFICATE, "CN=Plant Device CA"))
                .isFalse();
    }

    /** Two words let in who does not log in: the listener's, and a row that says so. Others take away only. */
    @Test
    void anonymous_hasTheRolesOfRowsThatSayAnonymous_andOfOthersTheDeniesOnly() {
        Role guest = TestPolicies.role("guest", List.of("sub news/#"), List.of());
        Role near = TestPolicies.role("near", List.of("sub plant/#", "deny sub news/secret"), List.of());
        Assignment said = row("guest", new Condition("auth", List.of("password", "anonymous"), TestPolicies.PLACE));
        Subject nobody = new Subject("", Set.of(AuthMethod.ANONYMOUS), "open", null, Map.of());
        for (Condition other : List.of(
                new Condition("listener", List.of("open"), TestPolicies.PLACE),
                new Condition("client", List.of("*"), TestPolicies.PLACE),
                new Condition("time", List.of("Mon-Sun 00:00-00:00 UTC"), TestPolicies.PLACE))) {
            PolicySet alone = compiled(List.of(near), Map.of(), List.of(row("near", other)));
            assertThat(bind(alone, nobody).refusal()).as(other.key()).isNotNull();

            PolicySet both = compiled(List.of(guest, near), Map.of(), List.of(said, row("near", other)));
            Binding binding = bind(both, nobody);
            assertThat(binding.roles()).as(other.key()).containsExactly("guest");
            assertThat(receives(binding, "news/x")).as(other.key()).isTrue();
            assertThat(receives(binding, "news/secret")).as(other.key()).isFalse();
            assertThat(receives(binding, "plant/x")).as(other.key()).isFalse();
            Subject ann = new Subject("ann", Set.of(AuthMethod.PASSWORD), "open", null, Map.of());
            assertThat(bind(both, ann).roles()).as(other.key()).containsExactlyInAnyOrder("guest", "near");
        }
        Policy unnamed = new Policy(
                Policy.Defaults.STRICT,
                Map.of(),
                Map.of("guest", guest),
                Map.of("g", List.of("")),
                Map.of("", List.of("guest")),
                List.of(row(
                        "guest",
                        new Condition("group", List.of("g"), TestPolicies.PLACE),
                        new Condition("auth", List.of("anonymous"), TestPolicies.PLACE))),
                List.of(),
                List.of(),
                Map.of());
        assertThat(bind(TestPolicies.compiled(unnamed), nobody).refusal())
                .as("no name is no user, nor a member of a group")
                .isNotNull();
    }

    private static Assignment row(String role, Condition... to) {
        return new Assignment(List.of(to), List.of(role), TestPolicies.PLACE);
    }

    /** Compared by its parts (RFC 4514): another spelling is no other name, another order or text is. */
    @Test
    void issuer_isComparedByItsParts() {
        String issuer = "CN=Plant\\, North,emailAddress=ca@acme.example,O=Acm\\C3\\A9,serialNumber=7";
        for (String same : List.of(
                issuer,
                "CN=Plant\\, North, emailAddress=ca@acme.example, O=Acmé, serialNumber=7",
                "cn=plant\\2c  north,EMAILADDRESS=ca@acme.example,o=Acm\\C3\\A9,SERIALNUMBER=7",
                "CN=\"Plant, North\",emailAddress=ca@acme.example,O=Acmé,2.5.4.5=7")) {
            assertThat(active(issuedBy(same), "apps", AuthMethod.CERTIFICATE, issuer))
                    .as(same)
                    .isTrue();
        }
        for (String other : List.of(
                "O=Acmé,CN=Plant\\, North,emailAddress=ca@acme.example,serialNumber=7",
                "CN=Plant\\, North,emailAddress=ca@acme.example,O=Acme,serialNumber=7",
                "CN=Plant\\, North",
                "CN=Plant,CN=North,emailAddress=ca@acme.example,O=Acmé,serialNumber=7")) {
            assertThat(active(issuedBy(other), "apps", AuthMethod.CERTIFICATE, issuer))
                    .as(other)
                    .isFalse();
        }
        // what Java cannot read is compared as text
        assertThat(active(issuedBy("favouriteDrink=tea"), "apps", AuthMethod.CERTIFICATE, "favouriteDrink=tea"))
                .isTrue();
    }

    private static PolicySet issuedBy(String issuer) {
        Role role = TestPolicies.when(
                TestPolicies.role("r", List.of("sub a"), List.of()),
                new Condition("cert.issuer", List.of(issuer), TestPolicies.PLACE));
        return compiled(List.of(role), Map.of("d", List.of("r")), List.of());
    }

    @Test
    void groups_giveRolesByAssignment() {
        Role role = TestPolicies.role("operator", List.of("sub a"), List.of());
        Policy policy = new Policy(
                Policy.Defaults.STRICT,
                Map.of(),
                Map.of("operator", role),
                Map.of("operators", List.of("anna", "ben")),
                Map.of(),
                List.of(new Assignment(
                        List.of(new Condition("group", List.of("operators"), TestPolicies.PLACE)),
                        List.of("operator"),
                        TestPolicies.PLACE)),
                List.of(),
                List.of(),
                Map.of());
        PolicySet set = TestPolicies.compiled(policy);

        assertThat(bind(set, subject("anna", null)).roles()).containsExactly("operator");
        assertThat(bind(set, subject("carl", null)).refusal()).isNotNull();
        assertThat(bind(set, subject("", null)).refusal()).isNotNull();
    }

    @Test
    void everyone_takesAwayFromAll_andLimitsAll() {
        Role role = TestPolicies.role("r", List.of("sub #", "pub #"), List.of());
        Role everyone = new Role(
                "everyone",
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(TestPolicies.pattern("no/+")),
                List.of(TestPolicies.pattern("secret/#")),
                new Limits(10, 5, 100, 3, Limits.UNLIMITED, Limits.UNLIMITED, Limits.UNLIMITED),
                List.of(),
                false,
                TestPolicies.PLACE);
        Policy policy = new Policy(
                Policy.Defaults.STRICT,
                Map.of(),
                Map.of("r", role),
                Map.of(),
                Map.of("anna", List.of("r")),
                List.of(),
                List.of(everyone),
                List.of(),
                Map.of());
        Binding binding = bind(TestPolicies.compiled(policy), subject("anna", null));

        assertThat(receives(binding, "secret/x")).isFalse();
        assertThat(judge.publish(binding, "no/x", Qos.AT_MOST_ONCE, false, 0, null))
                .isNotNull();
        assertThat(judge.publish(binding, "x", Qos.AT_MOST_ONCE, false, 10, null))
                .isNull();
        assertThat(judge.publish(binding, "x", Qos.AT_MOST_ONCE, false, 11, null))
                .isEqualTo(new Denied(
                        ReasonCode.QUOTA_EXCEEDED,
                        "no rule allows it",
                        "a payload of 11 bytes is more than the limit of 10"));
        assertThat(binding.limits().subscriptions()).isEqualTo(3);
        // everyone alone lets nobody in
        assertThat(bind(TestPolicies.compiled(policy), subject("carl", null)).refusal())
                .isNotNull();
    }

    @Test
    void limits_ofSeveralRoles_areTheStrictestOfEach() {
        Role few = limited("few", new Limits(100, 5, 100, 3, 7, 20, 50));
        Role small = limited("small", new Limits(10, 50, 1000, 30, 1, 200, 5));
        PolicySet set = compiled(List.of(few, small), Map.of("anna", List.of("few", "small")), List.of());

        assertThat(bind(set, subject("anna", null)).limits()).isEqualTo(new Limits(10, 5, 100, 3, 1, 20, 5));
    }

    @Test
    void clientIds_ofEveryActiveRole_mustBeSatisfied() {
        Role own = TestPolicies.bindingClientIds(
                TestPolicies.role("own", List.of("sub a"), List.of()), "<user>", "<user>-*");
        Role lab = TestPolicies.bindingClientIds(TestPolicies.role("lab", List.of("sub b"), List.of()), "*", "never");
        Role test = TestPolicies.bindingClientIds(TestPolicies.role("test", List.of("sub b"), List.of()), "anna-t*");
        PolicySet one = compiled(List.of(own, lab), Map.of("anna", List.of("own", "lab")), List.of());
        PolicySet two = compiled(List.of(own, test), Map.of("anna", List.of("own", "test")), List.of());

        assertThat(one.bind(subject("anna", null), "anna", Instant.EPOCH, 1).refusal())
                .isNull();
        assertThat(one.bind(subject("anna", null), "anna-7", Instant.EPOCH, 1).refusal())
                .isNull();
        assertThat(one.bind(subject("anna", null), "ann", Instant.EPOCH, 1).refusal())
                .isEqualTo(new Denied(
                        ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
                        "test.yaml:1",
                        "client id \"ann\" is not one that role \"own\" allows: [<user>, <user>-*]"));
        Binding refused = two.bind(subject("anna", null), "anna-7", Instant.EPOCH, 1);
        assertThat(refused.refusal()).isNotNull();
        // the code is for a CONNACK; whoever is connected already is told another one
        TopicFilter filter = TopicFilter.of("b");
        Judge judge = new Judge();
        assertThat(judge.refused(refused, filter, judge.verdict(refused, filter, false))
                        .reason())
                .isEqualTo(ReasonCode.NOT_AUTHORIZED);
        assertThat(judge.publish(refused, "b", Qos.AT_LEAST_ONCE, false, 0, null))
                .isNotNull()
                .extracting(Denied::reason)
                .isEqualTo(ReasonCode.NOT_AUTHORIZED);
        assertThat(two.bind(subject("anna", null), "anna-t7", Instant.EPOCH, 1).refusal())
                .isNull();
    }

    @Test
    void clientIds_ofARoleBehindAnUnknownCondition_bindToo() {
        Role base = TestPolicies.role("base", List.of("sub a"), List.of());
        Role bound = TestPolicies.when(
                TestPolicies.bindingClientIds(TestPolicies.role("bound", List.of("sub b"), List.of()), "<user>"),
                network("10.0.0.0/8"));
        PolicySet set = compiled(List.of(base, bound), Map.of("anna", List.of("base", "bound")), List.of());

        assertThat(bind(set, subject("anna", null)).refusal()).isNotNull();
        assertThat(bind(set, subject("anna", "203.0.113.9")).refusal()).isNull();
    }

    @Test
    void shadowRole_aloneLetsNobodyIn() {
        Role trial = TestPolicies.shadow(TestPolicies.role("trial", List.of("sub a"), List.of()));

        assertThat(TestPolicies.bound(TestPolicies.policy(List.of(trial)), TestPolicies.anybody())
                        .refusal())
                .isNotNull();
    }

    /** I5: a shadow takes nothing from anybody, whatever it uses or brings. */
    @Test
    void shadows_refuseNobody_andBringNothing() {
        Role live = TestPolicies.role("live", List.of("pub a"), List.of());
        for (String topic : List.of("b/<missing>", "<missing>", "<client>/x")) {
            Item item =
                    new Item(TestPolicies.pattern(topic), Qos.EXACTLY_ONCE, true, Limits.UNLIMITED, List.of(), true);
            Role withShadow = new Role(
                    "live",
                    List.of(),
                    List.of(),
                    List.of(live.publish().get(0), item),
                    List.of(item),
                    List.of(),
                    List.of(),
                    Limits.NONE,
                    List.of(),
                    false,
                    TestPolicies.PLACE);
            PolicySet set = TestPolicies.compiled(TestPolicies.policy(List.of(withShadow)));
            Binding binding = set.bind(TestPolicies.anybody(), "$c", Instant.EPOCH, 1);
            assertThat(binding.refusal()).as(topic).isNull();
            assertThat(judge.publish(binding, "a", Qos.AT_MOST_ONCE, false, 0, null))
                    .as(topic)
                    .isNull();
        }
        Role brought = TestPolicies.role("brought", List.of("pub c", "deny pub a"), List.of());
        Role alsoShadow = TestPolicies.shadow(TestPolicies.role("also", List.of("pub d"), List.of()));
        Role trial = TestPolicies.shadow(
                TestPolicies.including(TestPolicies.role("trial", List.of("pub b"), List.of()), "brought", "also"));
        PolicySet set = TestPolicies.compiled(
                TestPolicies.policy(List.of(live, brought, alsoShadow, trial), List.of("live", "trial")));
        Binding binding = bind(set, TestPolicies.anybody());
        assertThat(binding.held()).containsExactlyInAnyOrder("live", "trial", "also");
        assertThat(binding.roles()).containsExactly("live");
        assertThat(judge.publish(binding, "a", Qos.AT_MOST_ONCE, false, 0, null))
                .isNull();
        assertThat(judge.publish(binding, "c", Qos.AT_MOST_ONCE, false, 0, null))
                .isNotNull();
    }

    @Test
    void timeWindow_passing_changesAnswersAtTheNextTick_withoutAnyPacket() {
        Role day = TestPolicies.when(
                TestPolicies.role("day", List.of("pub a", "sub a"), List.of()),
                new Condition("time", List.of("Mon-Sun 08:00-18:00 UTC"), TestPolicies.PLACE));
        MovingClock clock = new MovingClock(Instant.parse("2026-11-24T17:59:59Z"));
        Authorizer authorizer = new Authorizer(TestPolicies.compiled(TestPolicies.policy(List.of(day))), clock);
        Rights rights = TestPolicies.rights(authorizer);
        assertThat(authorizer.nextBoundary()).contains(Instant.parse("2026-11-24T18:00:00Z"));
        assertThat(authorizer.tick()).isFalse();
        assertOpen(authorizer, rights, true);

        clock.now = clock.now.plusSeconds(1);

        assertThat(publishes(authorizer, rights)).isTrue(); // no clock is read per message
        assertThat(authorizer.tick()).isTrue();
        assertOpen(authorizer, rights, false);
        assertThat(authorizer.nextBoundary()).contains(Instant.parse("2026-11-25T08:00:00Z"));
        clock.now = clock.now.plus(Duration.ofHours(14));
        assertThat(publishes(authorizer, rights)).isFalse();
        assertThat(authorizer.tick()).isTrue();
        assertThat(authorizer.tick()).isFalse();
        assertOpen(authorizer, rights, true);
        // somebody sets the clock back to before the window
        clock.now = clock.now.minusSeconds(2);
        assertThat(publishes(authorizer, rights)).isTrue();
        assertThat(authorizer.tick()).isTrue();
        assertOpen(authorizer, rights, false);
    }

    /** By what a message is answered, and by a look, which binds anew and would hide a tick that changed nothing. */
    private static void assertOpen(Authorizer authorizer, Rights rights, boolean open) {
        assertThat(publishes(authorizer, rights)).isEqualTo(open);
        assertThat(authorizer.look(rights).gone() == null).isEqualTo(open);
    }

    private static boolean publishes(Authorizer authorizer, Rights rights) {
        return authorizer.publish(rights, Message.of("a", Qos.AT_MOST_ONCE, false, Payload.EMPTY))
                instanceof AuthorizedPublish;
    }

    @Test
    void compile_ofRolesThatIncludeEachOther_isAProblemAndNoSet() {
        Role a = TestPolicies.including(TestPolicies.role("a", List.of("sub a"), List.of()), "b");
        Role b = TestPolicies.including(TestPolicies.role("b", List.of("sub b"), List.of()), "a");
        Role c = TestPolicies.including(TestPolicies.role("c", List.of("sub b"), List.of()), "nobody");

        PolicySet.Compilation compilation = PolicySet.compile(TestPolicies.policy(List.of(a, b, c)));

        assertThat(compilation.set()).isEmpty();
        assertThat(compilation.problems()).extracting(Problem::code).containsExactlyInAnyOrder("P122", "P120");
    }

    @Test
    void compile_ofManyIncludes_visitsEachRoleOnce() {
        List<Role> ladder = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            Role rung = TestPolicies.role("r" + i, List.of("sub a" + i), List.of());
            ladder.add(i < 58 ? TestPolicies.including(rung, "r" + (i + 1), "r" + (i + 2)) : rung);
        }
        PolicySet set = compiled(ladder, Map.of("anna", List.of("r0")), List.of());

        assertThat(bind(set, subject("anna", null)).roles()).hasSize(60);
    }

    private boolean receives(Binding binding, String topic) {
        return judge.receives(binding, TopicName.of(topic));
    }

    private static boolean active(PolicySet set, String listener, AuthMethod method, String issuer) {
        Subject subject = new Subject("d", Set.of(method), listener, null, Map.of("cert.issuer", List.of(issuer)));
        return bind(set, subject).refusal() == null;
    }

    private static Binding bind(PolicySet set, Subject subject) {
        return TestPolicies.bind(set, subject);
    }

    private static Subject subject(String user, @Nullable String address) {
        try {
            return new Subject(
                    user, Set.of(), "devices", address == null ? null : InetAddress.getByName(address), Map.of());
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static Condition network(String cidr) {
        return new Condition("network", List.of(cidr), TestPolicies.PLACE);
    }

    private static Role limited(String name, Limits limits) {
        Role role = TestPolicies.role(name, List.of("sub a"), List.of());
        return new Role(
                name,
                List.of(),
                List.of(),
                role.publish(),
                role.subscribe(),
                List.of(),
                List.of(),
                limits,
                List.of(),
                false,
                role.place());
    }

    private static PolicySet compiled(List<Role> roles, Map<String, List<String>> users, List<Assignment> assignments) {
        return TestPolicies.compiled(new Policy(
                Policy.Defaults.STRICT,
                Map.of(),
                roles.stream().collect(Collectors.toMap(Role::name, role -> role)),
                Map.of(),
                users,
                assignments,
                List.of(),
                List.of(),
                Map.of()));
    }

    private static final class MovingClock extends Clock {
        private Instant now;

        MovingClock(Instant start) {
            now = start;
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
