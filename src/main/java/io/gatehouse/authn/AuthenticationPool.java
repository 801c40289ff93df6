package io.gatehouse.authn;

import io.gatehouse.protocol.ReasonCode;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that do the costly part of a login, so that event loops do not. Any thread.
 *
 * <p>Bounded twice: few threads, so that a storm of logins leaves processors to the clients that are in already, and a
 * short queue, so that a login is told "server busy" while its client still listens. Work that fails closes the door.
 */
public final class AuthenticationPool implements AutoCloseable {
    /** What a queue holds before a login is refused as "server busy". */
    public static final int QUEUE = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(AuthenticationPool.class);
    static final Authentication.Rejected BUSY =
            new Authentication.Rejected(ReasonCode.SERVER_BUSY, "too many logins wait for their turn");
    private static final Authentication.Rejected FAILED =
            new Authentication.Rejected(ReasonCode.SERVER_UNAVAILABLE, "the check failed; the broker's log says why");

    private final ThreadPoolExecutor executor;

    public AuthenticationPool(String name, int threads, int queue) {
        AtomicInteger number = new AtomicInteger();
        this.executor =
                new ThreadPoolExecutor(threads, threads, 1, TimeUnit.MINUTES, new ArrayBlockingQueue<>(queue), task -> {
                    Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(true);
    }

    /** Half the processors and at least one, a queue of {@link #QUEUE}. */
    public static AuthenticationPool standard(String name) {
        return new AuthenticationPool(name, Math.max(1, Runtime.getRuntime().availableProcessors() / 2), QUEUE);
    }

    /** Does the work when its turn comes. The stage completes normally always, on one of the pool's threads or at once. */
    CompletionStage<Authentication> submit(Supplier<Authentication> work) {
        return submit(work, BUSY, FAILED);
    }

    /** As above, with what to answer when the queue is full and when the work fails. */
    <T> CompletionStage<T> submit(Supplier<T> work, T busy, T failed) {
        Task<T> task = new Task<>(work, failed, new CompletableFuture<>());
        try {
            executor.execute(task);
            return task.answer();
        } catch (RejectedExecutionException e) {
            return CompletableFuture.completedFuture(busy);
        }
    }

    /** A login's turn; its answer comes whatever happens. */
    private record Task<T>(Supplier<T> work, T failed, CompletableFuture<T> answer) implements Runnable {
        @Override
        public void run() {
            try {
                answer.complete(work.get());
            } catch (RuntimeException | Error e) {
                // also when memory or a class is missing: a login that cannot be checked is refused, not forgotten
                LOG.error("a login could not be checked", e);
                answer.complete(failed);
            }
        }

        void drop() {
            answer.complete(failed);
        }
    }

    /** How many logins wait for their turn. */
    public int waiting() {
        return executor.getQueue().size();
    }

    /** Takes no more work and refuses what waits. */
    @Override
    public void close() {
        for (Runnable waiting : executor.shutdownNow()) {
            ((Task<?>) waiting).drop();
        }
    }
}
