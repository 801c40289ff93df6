package io.gatehouse.durability;

import java.io.IOException;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * A client that lives through the broker's deaths: connects, does its work until the connection breaks, waits for the next life.
 * A thread of its own.
 */
abstract class Actor extends Thread {
    final KilledBroker broker;
    final Ledger ledger;
    final Random random;
    private final Semaphore lives = new Semaphore(0);
    private final AtomicBoolean stopping = new AtomicBoolean();

    Actor(String name, KilledBroker broker, Ledger ledger, long seed) {
        super(name);
        this.broker = broker;
        this.ledger = ledger;
        this.random = new Random(seed);
        setDaemon(true);
    }

    /** The broker is there again. */
    void alive() {
        lives.release();
    }

    /** Comes to its end when what it has begun is finished. */
    void finish() {
        stopping.set(true);
    }

    boolean isFinishing() {
        return stopping.get();
    }

    @Override
    public void run() {
        try {
            lives.acquire();
            while (true) {
                try {
                    if (live()) {
                        return;
                    }
                } catch (IOException broken) {
                    // the broker died, or another connection took this one's place; a life begins when it is back
                    lives.tryAcquire(200, TimeUnit.MILLISECONDS);
                    lives.drainPermits();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            ledger.wrong(getName() + " failed: " + e);
        }
    }

    /**
     * Works until the connection breaks.
     *
     * @return whether it is at its end
     */
    abstract boolean live() throws IOException;

    void pause(int leastMillis, int mostMillis) {
        LockSupport.parkNanos(
                TimeUnit.MILLISECONDS.toNanos(leastMillis + random.nextInt(mostMillis - leastMillis + 1)));
    }
}
