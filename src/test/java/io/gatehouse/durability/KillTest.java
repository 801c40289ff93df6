package io.gatehouse.durability;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The broker dies by SIGKILL in the midst of work, or its machine by a power cut, and it keeps what it promised. {@code
 * bench/kill.sh} and {@code bench/power-cut.sh} do it hundreds of times; {@code -Dgatehouse.seed=} repeats a run as far as threads let one.
 */
class KillTest {
    @TempDir
    Path folder;

    @Test
    void kills_underMixedLoad_loseNothingThatWasAcknowledged() throws Exception {
        holds(false);
    }

    @Test
    void powerCuts_underMixedLoad_loseNothingThatWasAcknowledged() throws Exception {
        holds(true);
    }

    private void holds(boolean powerCuts) throws Exception {
        int cycles = Integer.getInteger("gatehouse.kills", 5);
        String storage = System.getProperty("gatehouse.storage", "{folder: data/store, durability: fsync}");
        long seed = Long.getLong("gatehouse.seed", System.nanoTime());
        KillRun.Outcome outcome = new KillRun(folder, storage, powerCuts, seed).run(cycles);
        System.out.println(outcome.figures()); // what a long run is made for
        assertThat(outcome.wrongs()).as(outcome.figures()).isEmpty();
    }
}
