package io.gatehouse.session;

import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.store.Store;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicLong;

/** What all sessions of a broker have in common. */
record Surroundings(
        SessionLimits limits,
        AtomicLong queuedBytesTotal,
        Store store,
        Authorizer authorizer,
        Metrics metrics,
        Clock clock) {}
