package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** A decision allocates nothing: not for rules with variables, wildcards, denies or caps, yes or no. */
class AllocationTest {
    private static final int DECISIONS = 10_000;
    private static final int ROUNDS = 6;

    private final Judge judge = new Judge();

    @Test
    void decide_withEveryKindOfRule_allocatesNothing() {
        Item capped = new Item(TestPolicies.pattern("capped/+"), Qos.AT_LEAST_ONCE, false, 100, List.of(), false);
        Role plain = TestPolicies.role(
                "r",
                List.of("pub dev/<id>/#", "pub a/+/c", "pub +/b/#", "deny pub a/+/c/d", "deny pub x/#"),
                List.of());
        Role role = new Role(
                "r",
                List.of(),
                List.of(),
                List.of(
                        plain.publish().get(0),
                        plain.publish().get(1),
                        plain.publish().get(2),
                        capped),
                List.of(),
                plain.denyPublish(),
                List.of(),
                Limits.NONE,
                List.of(),
                false,
                TestPolicies.PLACE);
        Binding binding =
                TestPolicies.bound(TestPolicies.policy(List.of(role)), TestPolicies.subject(Map.of("id", "press-07")));
        List<String> topics = List.of(
                "dev/press-07/up/temp",
                "dev/press-08/up/temp",
                "a/b/c",
                "a/b/c/d",
                "x/b/c",
                "nothing/at/all",
                "capped/x",
                "$SYS/x",
                "a//b/é/😀");
        int[] bits = new int[1];

        assertThat(allocated(() -> {
                    for (int i = 0; i < topics.size(); i++) {
                        bits[0] += judge.walk().decide(binding, topics.get(i), Bits.DENY_PUBLISH, 50);
                    }
                    return bits[0] != 0;
                }))
                .isZero();
        assertThat(allocated(() -> judge.publish(binding, "dev/press-07/up", Qos.AT_LEAST_ONCE, false, 9, null) == null
                        && judge.publish(binding, "capped/x", Qos.AT_LEAST_ONCE, false, 9, null) == null))
                .isZero();
    }

    @Test
    void permits_onBothPaths_allocatesNothing() {
        Authorizer authorizer = TestPolicies.authorizer("sub home/#", "deny sub home/alarm/#");
        Rights rights = TestPolicies.rights(authorizer);
        AuthorizedSubscription granted = subscribed(authorizer, rights, "home/kitchen/#");
        AuthorizedSubscription filtered = subscribed(authorizer, rights, "home/#");
        TopicName kitchen = TopicName.of("home/kitchen/light");
        TopicName alarm = TopicName.of("home/alarm/siren");

        assertThat(allocated(() -> granted.permits(kitchen) && filtered.permits(kitchen) && !filtered.permits(alarm)))
                .isZero();
    }

    @Test
    void subscribeQuestions_allocateNothing() {
        Binding binding = TestPolicies.bound(List.of("sub a/+/#", "sub a", "sub b/c", "deny sub a/x/y"));

        assertThat(allocated(() -> judge.walk().covers(binding, "a/#", Bits.RECEIVE, null)
                        && !judge.walk().covers(binding, "b/#", Bits.RECEIVE, null)
                        && judge.meeting().overlaps(binding, "a/+/y", Bits.DENY_SUBSCRIBE)
                        && !judge.meeting().overlaps(binding, "b/+", Bits.DENY_SUBSCRIBE)))
                .isZero();
    }

    private static AuthorizedSubscription subscribed(Authorizer authorizer, Rights rights, String filter) {
        return (AuthorizedSubscription)
                authorizer.subscribe(rights, Subscription.of(TopicFilter.of(filter), Qos.AT_MOST_ONCE));
    }

    /** The fewest bytes that this thread allocated while it asked many times: the machine itself allocates now and then. */
    private static long allocated(BooleanSupplier question) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        long fewest = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long before = threads.getThreadAllocatedBytes(thread);
            for (int i = 0; i < DECISIONS; i++) {
                assertTrue(question.getAsBoolean());
            }
            fewest = Math.min(fewest, threads.getThreadAllocatedBytes(thread) - before);
        }
        return fewest;
    }

    private static void assertTrue(boolean answer) {
        if (!answer) {
            throw new AssertionError("the question is answered wrong");
        }
    }
}
