package io.gatehouse.durability;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The broker dies by SIGKILL in the midst of work, and keeps what it promised. {@code bench/kill.sh} does it hundreds of times;
 * {@code -Dgatehouse.seed=} repeats a run as far as threads let one.
 */
class KillTest {
    @TempDir
    Path folder;

    @Test
    void kills_underMixedLoad_loseNothingThatWasAcknowledged() throws Exception {
        int cycles = Integer.getInteger("gatehouse.kills", 5);
        String storage = System.getProperty("gatehouse.storage", "{folder: data/store, durability: fsync}");
        long seed = Long.getLong("gatehouse.seed", System.nanoTime());
        KillRun.Outcome outcome = new KillRun(folder, storage, seed).run(cycles);
        System.out.println(outcome.figures()); // what a long run is made for
        assertThat(outcome.wrongs()).as(outcome.figures()).isEmpty();
    }
}
