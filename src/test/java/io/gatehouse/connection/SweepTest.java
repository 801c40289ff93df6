package io.gatehouse.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.policy.TestPolicies;
import io.gatehouse.protocol.Qos;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A look at very many sessions takes its time, for the sake of others. */
class SweepTest {
    private static final int SESSIONS = 4 * Sweep.SLICE + 1;

    private final House house = new House("sub a/#", "sub b/#");

    private void away() {
        for (int i = 0; i < SESSIONS; i++) {
            House.Visitor visitor = house.client("ann", "c-" + i, true, 3600, null);
            visitor.subscribe("a/" + i, Qos.AT_LEAST_ONCE);
            visitor.subscribe("b/" + i, Qos.AT_LEAST_ONCE);
            visitor.leave();
        }
    }

    private Sweep sweep(AuditLog audit) {
        return new Sweep(house.authorizer, house.registry, house.router, Sweep.OnRevoke.DORMANT, audit, house.metrics);
    }

    /** A log with room for little more than a slice, which is written a bit whenever somebody waits for it. */
    private static final class SlowLog implements AuditLog {
        private static final int ROOM = Sweep.SLICE + 100;
        private static final int BEHIND = 100;

        private final Queue<AuditEvent> waiting = new ArrayDeque<>();
        private final Set<String> written = new HashSet<>();
        private int lost;

        @Override
        public void record(AuditEvent event) {
            if (waiting.size() == ROOM) {
                lost++;
            } else {
                waiting.add(event);
            }
        }

        @Override
        public boolean isBehind() {
            write(50);
            return waiting.size() >= BEHIND;
        }

        private void write(int most) {
            for (int i = 0; i < most && !waiting.isEmpty(); i++) {
                AuditEvent.Revoked event = (AuditEvent.Revoked) waiting.remove();
                written.add(event.actor().clientId());
            }
        }
    }

    @Test
    void sweep_allLoseSomething_everyLossIsInTheAuditLog() {
        away();
        SlowLog log = new SlowLog();
        house.authorizer.replace(TestPolicies.set("sub a/#"));
        Sweep.Result swept = sweep(log).run();
        log.write(Integer.MAX_VALUE);

        assertThat(swept).isEqualTo(new Sweep.Result(SESSIONS, SESSIONS, 0, 0, 0));
        assertThat(log.lost).isZero();
        assertThat(log.written).hasSize(SESSIONS).contains("c-0", "c-" + (SESSIONS - 1));
    }

    @Test
    void sweep_auditLogThatIsStuck_isNotWaitedForForEver() {
        away();
        int[] asked = new int[1];
        house.authorizer.replace(TestPolicies.set("sub b/#"));
        Sweep.Result swept = sweep(new AuditLog() {
                    @Override
                    public void record(AuditEvent event) {
                        // a disk that hangs
                    }

                    @Override
                    public boolean isBehind() {
                        asked[0]++;
                        return true;
                    }
                })
                .run();

        assertThat(swept.sessions()).isEqualTo(SESSIONS);
        assertThat(swept.lost()).isEqualTo(SESSIONS);
        assertThat(asked[0]).isGreaterThan(SESSIONS / Sweep.SLICE);
    }

    @Test
    void sweep_rightsComeBack_countsThemOnce() {
        away();
        Sweep sweep = sweep(event -> {});
        house.authorizer.replace(TestPolicies.set("sub a/#"));
        assertThat(sweep.run().lost()).isEqualTo(SESSIONS);
        assertThat(sweep.run()).isEqualTo(new Sweep.Result(SESSIONS, 0, 0, 0, 0));

        house.authorizer.replace(TestPolicies.set("sub a/#", "sub b/#"));
        assertThat(sweep.run()).isEqualTo(new Sweep.Result(SESSIONS, 0, SESSIONS, 0, 0));
    }
}
