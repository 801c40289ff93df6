package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the auditor is told of a yes is a rule that says yes. */
class GroundsTest {
    private final long seed = Seeds.next();
    private final Random random = new Random(seed);
    private final Universe universe = new Universe();

    @Test
    void grounds_ofAnyMessage_areARuleThatAllowsIt() {
        int allowed = 0;
        for (int i = 0; i < 400; i++) {
            List<String> rules = Universe.rules(random);
            Authorizer authorizer = TestPolicies.authorizer(rules.toArray(String[]::new));
            Rights rights = TestPolicies.rights(authorizer);
            for (int k = 0; k < 20; k++) {
                int number = random.nextInt(universe.all().size());
                TopicName topic = universe.all().get(number);
                if (authorizer.publish(rights, message(topic.text(), Qos.AT_MOST_ONCE, false, 1))
                        instanceof AuthorizedPublish proof) {
                    allowed++;
                    String pattern = pattern(authorizer.grounds(proof));
                    assertThat(rules).as(about(rules, topic)).contains("pub " + pattern);
                    assertThat(universe.of(pattern).get(number))
                            .as(about(rules, topic) + " by " + pattern)
                            .isTrue();
                }
            }
        }
        assertThat(allowed).isPositive();
    }

    @Test
    void grounds_ofAnySubscription_areARuleThatCoversIt_whereOneDoes() {
        Authorizer union = TestPolicies.authorizer("sub a", "sub a/+/#");
        assertThat(union.subscribe(
                        TestPolicies.rights(union), Subscription.of(TopicFilter.of("a/#"), Qos.AT_MOST_ONCE)))
                .isInstanceOfSatisfying(
                        AuthorizedSubscription.class,
                        proof -> assertThat(pattern(union.grounds(proof))).isIn("a", "a/+/#"));
        // "/#" is "/" and below: the empty topic above it does not exist
        Authorizer beside = TestPolicies.authorizer("sub +/a/#", "sub /+/#");
        assertThat(beside.subscribe(
                        TestPolicies.rights(beside), Subscription.of(TopicFilter.of("/#"), Qos.AT_MOST_ONCE)))
                .isInstanceOfSatisfying(
                        AuthorizedSubscription.class,
                        proof -> assertThat(pattern(beside.grounds(proof))).isEqualTo("/+/#"));
        int granted = 0;
        for (int i = 0; i < 2_000; i++) {
            List<String> rules = Universe.rules(random);
            Authorizer authorizer = TestPolicies.authorizer(rules.toArray(String[]::new));
            String filter = Universe.pattern(random);
            if (authorizer.subscribe(
                            TestPolicies.rights(authorizer), Subscription.of(TopicFilter.of(filter), Qos.AT_MOST_ONCE))
                    instanceof AuthorizedSubscription proof) {
                String pattern = pattern(authorizer.grounds(proof));
                BitSet asked = universe.of(filter);
                assertThat(rules).as(about(rules, filter)).contains("sub " + pattern);
                boolean oneDoes = rules.stream()
                        .filter(rule -> rule.startsWith("sub "))
                        .anyMatch(rule -> Universe.contains(universe.of(rule.substring(4)), asked));
                assertThat(Universe.contains(universe.of(pattern), asked))
                        .as(about(rules, filter) + " by " + pattern)
                        .isEqualTo(oneDoes);
                assertThat(universe.of(pattern).intersects(asked)).isTrue();
                granted++;
            }
        }
        assertThat(granted).isPositive();
    }

    @Test
    void grounds_whereOptionsDiffer_areTheRuleThatHasRoom() {
        Role role = new Role(
                "r",
                List.of(),
                List.of(),
                List.of(
                        new Item(TestPolicies.pattern("a"), Qos.AT_MOST_ONCE, true, Limits.UNLIMITED, List.of(), false),
                        new Item(TestPolicies.pattern("+"), Qos.AT_LEAST_ONCE, true, 10, List.of(), false),
                        new Item(
                                TestPolicies.pattern("#"),
                                Qos.EXACTLY_ONCE,
                                false,
                                Limits.UNLIMITED,
                                List.of(),
                                false)),
                List.of(),
                List.of(),
                List.of(),
                Limits.NONE,
                List.of(),
                false,
                TestPolicies.PLACE);
        Authorizer authorizer =
                new Authorizer(TestPolicies.compiled(TestPolicies.policy(List.of(role))), TestPolicies.CLOCK);

        assertThat(published(authorizer, message("a", Qos.AT_MOST_ONCE, true, 20)))
                .isEqualTo("a");
        assertThat(published(authorizer, message("a", Qos.AT_LEAST_ONCE, true, 10)))
                .isEqualTo("+");
        assertThat(published(authorizer, message("b", Qos.AT_LEAST_ONCE, false, 11)))
                .isEqualTo("#");
        assertThat(published(authorizer, message("a", Qos.EXACTLY_ONCE, false, 5)))
                .isEqualTo("#");
    }

    @Test
    void grounds_ofAPolicyThatIsGone_areNone() {
        Authorizer authorizer = TestPolicies.authorizer("pub a", "sub a");
        Rights rights = TestPolicies.rights(authorizer);
        AuthorizedPublish proof =
                (AuthorizedPublish) authorizer.publish(rights, message("a", Qos.AT_MOST_ONCE, false, 1));
        Grounds before = authorizer.grounds(proof).orElseThrow();
        assertThat(before.revision()).isEqualTo(1);
        assertThat(before.digest()).isEqualTo(authorizer.policy().digest());

        authorizer.replace(TestPolicies.set("pub b"));
        assertThat(authorizer.grounds(proof)).isEmpty();
        authorizer.replace(TestPolicies.set("pub a"));
        assertThat(authorizer.grounds(proof).orElseThrow().revision()).isEqualTo(3);
        authorizer.replace(PolicySet.empty());
        assertThat(authorizer.grounds(proof)).isEmpty();
    }

    private static String published(Authorizer authorizer, Message message) {
        return pattern(
                authorizer.grounds((AuthorizedPublish) authorizer.publish(TestPolicies.rights(authorizer), message)));
    }

    private static String pattern(Optional<Grounds> grounds) {
        assertThat(grounds).isPresent();
        assertThat(grounds.get().rule()).isEqualTo("test.yaml:1");
        String words = grounds.get().explanation();
        return words.substring(words.indexOf('"') + 1, words.indexOf("\" of role"));
    }

    private static Message message(String topic, Qos qos, boolean retain, int sizeBytes) {
        return Message.of(topic, qos, retain, Payload.of("x".repeat(sizeBytes)));
    }

    private String about(List<String> rules, Object asked) {
        return "seed " + seed + ", rules " + rules + ", asked " + asked;
    }
}
