package io.gatehouse.policy;

import io.gatehouse.protocol.TopicFilter;
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

/** What one decision costs, by the number of rules and their shape. Run by {@code bench/decide.sh}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgs = {"-Xms2g", "-Xmx2g"})
public class DecideBenchmark {
    private static final int TOPICS = 1 << 16;

    @Param({"10", "100", "1000", "10000", "100000", "1000000"})
    public int rules;

    @Param({"MIXED"})
    public String shape = "MIXED";

    @Param({"true", "false"})
    public boolean hit;

    private final Judge judge = new Judge();
    private String[] topics = new String[0];
    private TopicFilter[] filters = new TopicFilter[0];
    private Binding binding = Binding.ofNobody(PolicySet.empty(), 1);
    private int next;

    @Setup
    public void compile() {
        BenchPolicies.Shape form = BenchPolicies.Shape.valueOf(shape);
        PolicySet set =
                PolicySet.compile(BenchPolicies.policy(form, rules)).set().orElseThrow();
        binding = BenchPolicies.bound(set);
        topics = BenchPolicies.topics(form, rules, hit, TOPICS);
        filters = new TopicFilter[TOPICS];
        for (int i = 0; i < TOPICS; i++) {
            String topic = topics[i];
            filters[i] = TopicFilter.of(i % 2 == 0 ? topic : topic.substring(0, topic.lastIndexOf('/')) + "/+");
        }
    }

    /** What every PUBLISH and every filtered delivery costs. */
    @Benchmark
    public int decide() {
        return judge.walk().decide(binding, topics[next++ & TOPICS - 1], Bits.DENY_PUBLISH, 100);
    }

    /** What every SUBSCRIBE costs: one topic, or a level of wildcard. */
    @Benchmark
    public Verdict verdict() {
        return judge.verdict(binding, filters[next++ & TOPICS - 1], false);
    }
}
