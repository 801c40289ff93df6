package io.gatehouse.policy;

import io.gatehouse.policy.diff.PolicyDiff;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.Qos;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What comparing two policies costs that differ in one rule of a large role. Run by {@code bench/diff.sh}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
        value = 1,
        jvmArgs = {"-Xms1g", "-Xmx1g"})
public class DiffBenchmark {
    @Param({"1000", "10000"})
    public int rules;

    private Policy before = Policy.EMPTY;
    private Policy after = Policy.EMPTY;

    @Setup
    public void make() {
        before = BenchPolicies.policy(BenchPolicies.Shape.MIXED, rules);
        Role role = Objects.requireNonNull(before.roles().get("r"));
        List<Item> publish = new ArrayList<>(role.publish());
        publish.remove(publish.size() / 2);
        publish.add(new Item(
                BenchPolicies.pattern("site/1/line/0/new/#"),
                Qos.EXACTLY_ONCE,
                true,
                Limits.UNLIMITED,
                List.of(),
                false));
        Role changed = new Role(
                role.name(),
                role.include(),
                role.clientIds(),
                publish,
                role.subscribe(),
                role.denyPublish(),
                role.denySubscribe(),
                role.limits(),
                role.when(),
                role.shadow(),
                role.place());
        after = new Policy(
                before.defaults(),
                before.variables(),
                Map.of("r", changed),
                before.groups(),
                before.users(),
                before.assignments(),
                before.everyone(),
                before.tests(),
                before.files());
    }

    /** Both trees are built and walked. */
    @Benchmark
    public PolicyDiff diff() {
        PolicyDiff diff = PolicyDiff.of(before, after);
        if (Objects.requireNonNull(diff.roles().get("r")).size() != 2) {
            throw new IllegalStateException("one rule is gone and one is new: " + diff);
        }
        return diff;
    }
}
