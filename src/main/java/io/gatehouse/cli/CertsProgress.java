package io.gatehouse.cli;

import java.io.PrintWriter;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * How far a fleet is: a bar on a terminal, else a line every five seconds, always on standard error. Confined to its
 * command.
 */
interface CertsProgress extends IntConsumer, AutoCloseable {
    @Override
    void close();

    static CertsProgress of(int size, PrintWriter err) {
        return Terminal.console().isPresent() ? bar(size) : lines(size, err, System::nanoTime);
    }

    private static CertsProgress bar(int size) {
        ProgressBar bar = new ProgressBarBuilder()
                .setTaskName("certificates")
                .setInitialMax(size)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK) // without colours, whatever NO_COLOR says
                .build();
        return new CertsProgress() {
            @Override
            public void accept(int done) {
                bar.stepTo(done);
            }

            @Override
            public void close() {
                bar.close();
            }
        };
    }

    /** @param clock in nanoseconds */
    static CertsProgress lines(int size, PrintWriter err, LongSupplier clock) {
        return new Lines(size, err, clock);
    }

    /** For logs. */
    final class Lines implements CertsProgress {
        private static final long SECOND = 1_000_000_000L;
        private static final long EVERY = 5 * SECOND;

        private final int size;
        private final PrintWriter err;
        private final LongSupplier clock;
        private final long start;
        private long last;
        private int before = -1;

        private Lines(int size, PrintWriter err, LongSupplier clock) {
            this.size = size;
            this.err = err;
            this.clock = clock;
            this.start = clock.getAsLong();
            this.last = start;
        }

        @Override
        public void accept(int done) {
            if (before < 0) {
                before = done; // what an earlier run made says nothing of the speed of this one
            }
            long now = clock.getAsLong();
            if (now - last < EVERY || done >= size) {
                return;
            }
            last = now;
            long speed = Math.max(1, (done - before) * SECOND / Math.max(1, now - start));
            err.println("certs: " + done + " of " + size + ", " + speed + " a second, " + (size - done) / speed
                    + " s left");
        }

        @Override
        public void close() {
            // there is nothing to take off a log
        }
    }
}
