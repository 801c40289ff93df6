package io.gatehouse.connection;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.gatehouse.audit.AuditEvent;
import io.gatehouse.authn.TestPrincipals;
import io.gatehouse.policy.AuthorizedConnect;
import io.gatehouse.policy.AuthorizedPublish;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Rights;
import io.gatehouse.policy.TestPolicies;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AllowAuditTest {
    private static final AuditEvent.Actor ACTOR =
            new AuditEvent.Actor("ann", "password", "c", "::1", "one", AuditEvent.Proof.NONE);
    private static final Instant NOON = Instant.parse("2026-11-26T12:00:00.900Z");

    private final List<AuditEvent> written = new ArrayList<>();
    private final Authorizer authorizer = TestPolicies.authorizer("pub a");
    private final Rights rights =
            ((AuthorizedConnect) authorizer.connect(TestPrincipals.user("ann"), new ClientId("c"), null)).rights();
    private Instant now = NOON;

    private final Clock clock = new Clock() {
        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneOffset getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
            return this;
        }
    };

    @Test
    void allowed_moreThanAreWrittenInASecond_areCountedInTheNextOne() {
        AllowAudit allowances = new AllowAudit(written::add, 1, clock);

        for (int i = 0; i < 250; i++) {
            allow(allowances);
        }
        assertThat(written).hasSize(AllowAudit.MOST_A_SECOND);
        now = NOON.plusMillis(99);
        allow(allowances);
        assertThat(written).hasSize(AllowAudit.MOST_A_SECOND);
        now = NOON.plusMillis(100);
        allow(allowances);
        allow(allowances);

        assertThat(written).hasSize(AllowAudit.MOST_A_SECOND + 2);
        assertThat(written.get(100).fields()).containsEntry("count", 151L);
        assertThat(written.get(101).fields()).containsEntry("count", null);
    }

    @Test
    void allowed_byAPolicyThatIsGone_isCounted_notMadeUp() {
        AllowAudit allowances = new AllowAudit(written::add, 1, clock);
        AuthorizedPublish before = allowed();

        authorizer.replace(TestPolicies.set("pub b"));
        allowances.allowed(ACTOR, "publish", before, authorizer);
        assertThat(written).isEmpty();
        authorizer.replace(TestPolicies.set("pub a"));
        allow(allowances);

        assertThat(written)
                .singleElement()
                .satisfies(event -> assertThat(event.fields()).containsEntry("count", 1L));
    }

    @Test
    void samples_oneInTen_isDrawn_andOffIsNever() {
        AllowAudit off = new AllowAudit(written::add, 0, clock);
        AllowAudit tenth = new AllowAudit(written::add, 10, clock);
        int drawn = 0;
        for (int i = 0; i < 10_000; i++) {
            drawn += tenth.samples() ? 1 : 0;
            assertThat(off.samples()).isFalse();
        }
        // a thousand, give or take eight standard deviations
        assertThat(drawn).isBetween(760, 1240);
    }

    @Test
    void samples_whatIsNotDrawn_allocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        for (int oneIn : new int[] {0, Integer.MAX_VALUE}) {
            AllowAudit allowances = new AllowAudit(written::add, oneIn, clock);
            long fewest = Long.MAX_VALUE;
            for (int round = 0; round < 20; round++) {
                long before = threads.getThreadAllocatedBytes(thread);
                for (int i = 0; i < 1_000; i++) {
                    allowances.samples();
                }
                fewest = Math.min(fewest, threads.getThreadAllocatedBytes(thread) - before);
            }
            assertThat(fewest).as("bytes, one in %d", oneIn).isZero();
        }
    }

    private AuthorizedPublish allowed() {
        return (AuthorizedPublish) authorizer.publish(rights, Message.of("a", Qos.AT_MOST_ONCE, false, Payload.EMPTY));
    }

    private void allow(AllowAudit allowances) {
        allowances.allowed(ACTOR, "publish", allowed(), authorizer);
    }
}
