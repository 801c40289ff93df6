package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.authn.Subject;
import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Condition;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.TopicName;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a policy means: what is allowed and not denied, whatever the order; held against enumeration. */
class SemanticsPropertyTest {
    private static final int POLICIES = 1_500;

    private final Universe universe = new Universe();
    private final long seed = Seeds.next();
    private final Random random = new Random(seed);
    private final Judge judge = new Judge();

    @Test
    void i1_decision_isAllowedAndNotDenied() {
        for (int i = 0; i < POLICIES; i++) {
            List<String> rules = Universe.rules(random);
            Binding binding = TestPolicies.bound(rules);

            assertThat(published(binding)).as(about(rules)).isEqualTo(universe.left(rules, "pub"));
            assertThat(received(binding)).as(about(rules)).isEqualTo(universe.left(rules, "sub"));
        }
    }

    @Test
    void i2_orderAndDivision_changeNothing() {
        for (int i = 0; i < POLICIES / 3; i++) {
            List<String> rules = Universe.rules(random);
            List<String> shuffled = new ArrayList<>(rules);
            Collections.shuffle(shuffled, random);
            int cut = random.nextInt(shuffled.size() + 1);
            List<Role> roles = new ArrayList<>(List.of(
                    TestPolicies.role("zebra", shuffled.subList(0, cut), List.of()),
                    TestPolicies.role("ape", shuffled.subList(cut, shuffled.size()), List.of())));
            Collections.shuffle(roles, random);
            Binding divided = TestPolicies.bound(TestPolicies.policy(roles), TestPolicies.anybody());

            assertThat(received(divided)).as(about(rules)).isEqualTo(received(TestPolicies.bound(rules)));
            assertThat(published(divided)).as(about(rules)).isEqualTo(published(TestPolicies.bound(rules)));
        }
    }

    @Test
    void i3_moreDenies_andFewerAllows_neverAllowMore() {
        for (int i = 0; i < POLICIES / 3; i++) {
            List<String> rules = Universe.rules(random);
            BitSet before = received(TestPolicies.bound(rules));
            List<String> denied = new ArrayList<>(rules);
            denied.add(random.nextInt(denied.size() + 1), "deny sub " + Universe.pattern(random));
            List<String> fewer = new ArrayList<>(rules);
            fewer.removeIf(rule -> !rule.startsWith("deny") && random.nextBoolean());

            assertThat(Universe.contains(before, received(TestPolicies.bound(denied))))
                    .as(about(denied))
                    .isTrue();
            assertThat(Universe.contains(before, received(TestPolicies.bound(fewer))))
                    .as(about(fewer))
                    .isTrue();
        }
    }

    @Test
    void i3_roleOfNobody_changesNothing() {
        for (int i = 0; i < POLICIES / 3; i++) {
            List<String> rules = Universe.rules(random);
            List<Role> roles = List.of(
                    TestPolicies.role("mine", rules, List.of()),
                    TestPolicies.role("nobodys", Universe.rules(random), List.of()));
            Policy policy = TestPolicies.policy(roles, List.of("mine"));

            assertThat(received(TestPolicies.bound(policy, TestPolicies.anybody())))
                    .as(about(rules))
                    .isEqualTo(universe.left(rules, "sub"));
        }
    }

    @Test
    void i4_emptyPolicy_allowsNothing() {
        PolicySet empty = PolicySet.empty();
        Binding nobody = TestPolicies.bind(empty, TestPolicies.anybody());

        assertThat(nobody.refusal()).isNotNull();
        assertThat(received(nobody)).isEqualTo(new BitSet());
        assertThat(received(nobody.regardless())).isEqualTo(new BitSet());
        assertThat(published(nobody.regardless())).isEqualTo(new BitSet());
    }

    @Test
    void i5_shadowStatements_changeNoAnswer_andAreReportedWhereTheyWould() {
        for (int i = 0; i < POLICIES / 3; i++) {
            List<String> rules = Universe.rules(random);
            List<String> shadows = Universe.rules(random);
            List<Role> roles = List.of(
                    TestPolicies.role("live", rules, List.of()),
                    TestPolicies.shadow(TestPolicies.role("trial", shadows, List.of())));
            AtomicInteger differences = new AtomicInteger();
            Authorizer authorizer = new Authorizer(
                    TestPolicies.compiled(TestPolicies.policy(roles)),
                    TestPolicies.CLOCK,
                    (asked, rights, difference) -> differences.incrementAndGet());
            Rights rights = TestPolicies.rights(authorizer);
            List<String> both = new ArrayList<>(rules);
            both.addAll(shadows);
            BitSet wouldBe = universe.left(both, "sub");

            BitSet allowed = new BitSet();
            List<TopicName> topics = universe.all();
            for (int t = 0; t < topics.size(); t++) {
                int before = differences.get();
                allowed.set(t, authorizer.receives(rights, topics.get(t), false));
                boolean reported = differences.get() > before;
                assertThat(reported)
                        .as("%s on %s", about(both), topics.get(t))
                        .isEqualTo(allowed.get(t) != wouldBe.get(t));
            }
            assertThat(allowed).as(about(both)).isEqualTo(universe.left(rules, "sub"));
        }
    }

    @Test
    void i6_unknownCondition_closesBothWays() {
        for (int i = 0; i < POLICIES / 3; i++) {
            List<String> rules = Universe.rules(random);
            Role always = TestPolicies.role("always", Universe.rules(random), List.of());
            Role sometimes = TestPolicies.when(
                    TestPolicies.role("sometimes", rules, List.of()),
                    new Condition("listener", List.of("apps"), TestPolicies.PLACE));
            Policy policy = TestPolicies.policy(List.of(always, sometimes));
            BitSet open = received(TestPolicies.bound(policy, TestPolicies.anybodyAt("apps")));
            BitSet shut = received(TestPolicies.bound(policy, TestPolicies.anybodyAt("devices")));
            BitSet unknown = received(TestPolicies.bound(policy, TestPolicies.anybodyAt("")));

            assertThat(Universe.contains(open, unknown)).as(about(rules)).isTrue();
            assertThat(Universe.contains(shut, unknown)).as(about(rules)).isTrue();
        }
    }

    @Test
    void i15_claims_selectRoles_andNeverAddToThem() {
        List<String> names = List.of("one", "two", "three");
        List<String> claims = List.of("scope", "role", "roles", "publish", "deny", "user", "group", "x");
        for (int i = 0; i < POLICIES / 10; i++) {
            Map<String, List<String>> rules = new HashMap<>();
            List<Role> roles = new ArrayList<>();
            List<Assignment> rows = new ArrayList<>();
            for (String name : names) {
                rules.put(name, Universe.rules(random));
                roles.add(TestPolicies.role(name, rules.get(name), List.of()));
                rows.add(new Assignment(
                        List.of(new Condition("jwt.scope", List.of("may-" + name), TestPolicies.PLACE)),
                        List.of(name),
                        TestPolicies.PLACE));
            }
            Map<String, List<String>> attributes = new HashMap<>();
            for (String claim : claims) {
                attributes.put("jwt." + claim, List.of(content(names), content(names)));
            }
            Policy policy = new Policy(
                    Policy.Defaults.STRICT,
                    Map.of(),
                    roles.stream().collect(Collectors.toMap(Role::name, role -> role)),
                    Map.of(),
                    Map.of("one", List.of("one"), "may-two", List.of("two")),
                    rows,
                    List.of(),
                    List.of(),
                    Map.of());
            Binding binding = TestPolicies.bound(policy, new Subject("u", Set.of(), "devices", null, attributes))
                    .regardless();

            List<String> held = new ArrayList<>();
            names.stream()
                    .filter(name -> attributes.get("jwt.scope").contains("may-" + name))
                    .forEach(name -> held.addAll(rules.get(name)));
            assertThat(received(binding)).as(about(held) + attributes).isEqualTo(universe.left(held, "sub"));
            assertThat(published(binding)).as(about(held) + attributes).isEqualTo(universe.left(held, "pub"));
        }
    }

    /** What somebody might write into a claim to get more: a role, what gives one, a rule, a topic. */
    private String content(List<String> names) {
        String name = names.get(random.nextInt(names.size()));
        return switch (random.nextInt(6)) {
            case 0 -> name;
            case 1, 2 -> "may-" + name;
            case 3 -> "{publish: [\"#\"], subscribe: [\"#\"]}";
            case 4 -> Universe.pattern(random);
            default -> "may-*";
        };
    }

    private BitSet received(Binding binding) {
        BitSet set = new BitSet();
        List<TopicName> topics = universe.all();
        for (int t = 0; t < topics.size(); t++) {
            set.set(t, judge.receives(binding, topics.get(t)));
        }
        return set;
    }

    private BitSet published(Binding binding) {
        BitSet set = new BitSet();
        List<TopicName> topics = universe.all();
        for (int t = 0; t < topics.size(); t++) {
            String topic = topics.get(t).text();
            set.set(t, judge.publish(binding, topic, Qos.AT_LEAST_ONCE, true, 1, null) == null);
        }
        return set;
    }

    private String about(List<String> rules) {
        return "seed " + seed + ", rules " + rules;
    }
}
