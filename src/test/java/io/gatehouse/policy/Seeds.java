package io.gatehouse.policy;

import java.util.concurrent.ThreadLocalRandom;

/** Seeds of random tests: another one each run, or the one that {@code -Dseed=} says. */
final class Seeds {
    private Seeds() {}

    static long next() {
        Long given = Long.getLong("seed");
        return given == null ? ThreadLocalRandom.current().nextLong() : given;
    }
}
