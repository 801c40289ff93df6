package io.gatehouse.policy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;

/**
 * The processor time of a verdict on a SUBSCRIBE: what else a machine does counts little in it, which the clock of a
 * benchmark cannot say. Run by {@code bench/subscribe.sh}.
 */
public final class VerdictCost {
    private static final int ROUNDS = 9;
    private static final int VERDICTS = 400_000;
    private static final double BAR_NANOS = 2000;

    private VerdictCost() {}

    public static void main(String[] args) {
        double worst = 0;
        for (int rules : new int[] {10, 100_000}) {
            for (boolean hit : new boolean[] {true, false}) {
                double median = median(rules, hit);
                System.out.printf(
                        Locale.ROOT,
                        "verdict on SUBSCRIBE, %d rules, hit=%s: %.0f ns of processor time%n",
                        rules,
                        hit,
                        median);
                worst = Math.max(worst, median);
            }
        }
        boolean slow = worst >= BAR_NANOS;
        System.out.printf(
                Locale.ROOT, "slowest: %.0f ns; bar: under %.0f ns: %s%n", worst, BAR_NANOS, slow ? "MISS" : "pass");
        if (slow) {
            System.exit(1);
        }
    }

    private static double median(int rules, boolean hit) {
        DecideBenchmark asked = new DecideBenchmark();
        asked.rules = rules;
        asked.hit = hit;
        asked.compile();
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        double[] nanos = new double[ROUNDS];
        int granted = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long before = threads.getCurrentThreadCpuTime();
            for (int i = 0; i < VERDICTS; i++) {
                granted += asked.verdict() == Verdict.GRANT ? 1 : 0;
            }
            nanos[round] = (threads.getCurrentThreadCpuTime() - before) / (double) VERDICTS;
        }
        if (hit && granted == 0) {
            throw new IllegalStateException("nothing was granted");
        }
        Arrays.sort(nanos);
        return nanos[ROUNDS / 2];
    }
}
