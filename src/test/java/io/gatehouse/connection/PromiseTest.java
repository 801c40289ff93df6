package io.gatehouse.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.authn.Authentication;
import io.gatehouse.authn.TestPrincipals;
import io.gatehouse.policy.AuthorizedConnect;
import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.session.Session;
import io.gatehouse.session.SessionLimits;
import io.gatehouse.store.Changes;
import io.gatehouse.store.MemoryStore;
import io.gatehouse.store.Page;
import io.gatehouse.store.Recovered;
import io.gatehouse.store.Store;
import io.gatehouse.store.StoredSession;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An acknowledgement does not leave before the disk has what it promises, whatever else it promises. */
class PromiseTest {
    private final SlowStore disk = new SlowStore();
    private final House house = new House(
            disk, Instant.parse("2026-11-24T12:00:00Z"), SessionLimits.DEFAULT, ClientLimits.DEFAULT, "pub #", "sub #");

    /** A store whose disk answers when the test says so. */
    private static final class SlowStore implements Store {
        private final MemoryStore memory = new MemoryStore();
        private final Queue<Runnable> waiting = new ArrayDeque<>();
        private boolean slow;
        private boolean writable = true;

        void catchUp() {
            slow = false;
            waiting.forEach(Runnable::run);
            waiting.clear();
        }

        @Override
        public Recovered recover() {
            return memory.recover();
        }

        @Override
        public long nextNumber() {
            return memory.nextNumber();
        }

        @Override
        public void append(Changes changes) {
            memory.append(changes);
        }

        @Override
        public void append(Changes changes, Executor on, Runnable then) {
            if (slow) {
                memory.append(changes);
                waiting.add(() -> on.execute(then));
            } else {
                memory.append(changes, on, then);
            }
        }

        @Override
        public void read(
                StoredSession session,
                long afterSequence,
                long upToSequence,
                int maxMessages,
                long maxBytes,
                Consumer<Page> then) {
            memory.read(session, afterSequence, upToSequence, maxMessages, maxBytes, then);
        }

        @Override
        public boolean isWritable() {
            return writable;
        }

        @Override
        public void close() {
            memory.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "r/1, kept, AT_LEAST_ONCE, true", // for those who come later
        "r/1, '', AT_LEAST_ONCE, true", // what was there is gone
        "q/1, queued, AT_LEAST_ONCE, false", // for a session that is away
        "q/1, both, AT_LEAST_ONCE, true",
        "r/1, once, EXACTLY_ONCE, true",
    })
    void acknowledgement_waitsForTheDisk(String topic, String payload, Qos qos, boolean retain) {
        House.Visitor reader = house.client("ann", "reader", false, 1000, null);
        reader.subscribe("q/#", Qos.EXACTLY_ONCE);
        reader.drop();
        House.Visitor writer = house.client("bob", "writer", false, 1000, null);
        writer.publish("r/1", "before", Qos.AT_LEAST_ONCE, 1, true);
        writer.wire.take(Packet.PubAck.class);
        disk.slow = true;

        writer.publish(topic, payload, qos, 2, retain);
        assertThat(writer.wire.sent).isEmpty();

        disk.catchUp();
        assertThat(writer.wire.sent)
                .hasSize(1)
                .first()
                .isInstanceOf(qos == Qos.AT_LEAST_ONCE ? Packet.PubAck.class : Packet.PubRec.class);
    }

    @Test
    void acknowledgements_leaveInTheOrderOfTheirMessages() {
        House.Visitor writer = house.client("bob", "writer");
        writer.connack();
        disk.slow = true;

        writer.publish("r/1", "kept", Qos.AT_LEAST_ONCE, 1, true);
        writer.publish("nobody/hears", "it", Qos.AT_LEAST_ONCE, 2);
        assertThat(writer.wire.sent).isEmpty();

        disk.catchUp();
        assertThat(writer.wire.take(Packet.PubAck.class).packetId()).isEqualTo(1);
        assertThat(writer.wire.take(Packet.PubAck.class).packetId()).isEqualTo(2);
    }

    @Test
    void whoeverHasTooManyAnswersToCome_isNotReadFrom() {
        House.Visitor client = house.client("ann", "c", false, 1000, null);
        disk.slow = true;

        for (int i = 0; i < ClientLimits.DEFAULT.receiveMaximum(); i++) {
            assertThat(client.wire.reading).isTrue();
            client.subscribe("q/" + i % 3, Qos.AT_MOST_ONCE);
        }
        assertThat(client.wire.reading).isFalse();

        disk.catchUp();
        assertThat(client.wire.reading).isTrue();
    }

    @Test
    void retained_whileTheStoreTakesNothing_isNotKept_whateverItsQuality() {
        House.Visitor writer = house.client("bob", "writer");
        disk.writable = false;

        for (int i = 0; i < 10; i++) {
            writer.publish("r/1", "large", Qos.AT_MOST_ONCE, 0, true);
        }

        assertThat(house.router.retainedCount()).isZero();
        assertThat(house.metrics.publishDropped.value()).isEqualTo(10);
    }

    @Test
    void connectionThatWasTakenOverBeforeItsConnack_beginsNothing() {
        disk.slow = true;
        House.Visitor first = house.client("ann", "c", false, 1000, null);
        Queue<Runnable> behind = new ArrayDeque<>();
        first.wire.busy = behind;
        disk.catchUp();
        House.Visitor second = house.client("ann", "c", false, 1000, null);
        second.subscribe("q/#", Qos.AT_MOST_ONCE);

        behind.forEach(Runnable::run);
        house.client("bob", "writer").publish("q/1", "it", Qos.AT_MOST_ONCE, 0);

        assertThat(first.wire.closed).isTrue();
        assertThat(first.heard()).isEmpty();
        assertThat(second.heard()).containsExactly("q/1 it");
    }

    @Test
    void subscription_thatComesToASessionThatEndedMeanwhile_leavesNothingBehind() {
        house.client("ann", "c", false, 1000, null);
        Session old = house.registry.sessions().iterator().next();
        Rights rights = ((AuthorizedConnect)
                        house.authorizer.connect(TestPrincipals.user("ann"), new ClientId("c"), null))
                .rights();
        house.client("ann", "c");

        for (String filter : List.of("q/#", "$share/g/q/#")) {
            house.router.subscribe(old, (AuthorizedSubscription)
                    house.authorizer.subscribe(rights, Subscription.of(TopicFilter.of(filter), Qos.AT_LEAST_ONCE)));
        }

        assertThat(house.router.subscriptionCount()).isZero();
        assertThat(house.router.sharedSubscriptionCount()).isZero();
    }

    @Test
    void sharedSubscription_thatIsMadeAnew_missesNothing() throws InterruptedException {
        Subscription shared = Subscription.of(TopicFilter.of("$share/g/q/#"), Qos.AT_LEAST_ONCE);
        House.Visitor member = house.client("ann", "c", false, 1000, null);
        member.subscribe(shared);
        Session session = house.registry.sessions().iterator().next();
        AuthorizedSubscription proof = java.util.Objects.requireNonNull(
                session.subscription(shared.filter().text()));
        AtomicBoolean over = new AtomicBoolean();
        Thread again = new Thread(() -> {
            while (!over.get()) {
                house.router.subscribe(session, proof);
            }
        });
        House.Visitor writer = house.client("bob", "writer");
        writer.connack();
        again.start();
        try {
            for (int i = 1; i <= 3000; i++) {
                writer.publish("q/1", "it", Qos.AT_LEAST_ONCE, 1);
                assertThat(writer.wire.take(Packet.PubAck.class).reason())
                        .isNotEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);
                member.send(new Packet.PubAck(member.delivered().packetId(), ReasonCode.SUCCESS, null, List.of()));
            }
        } finally {
            over.set(true);
            again.join();
        }
    }

    @Test
    void password_thatIsTakenBackWhileTheLoginIsUnderWay_endsIt() {
        house.decideLater = true;
        House.Visitor client = house.client("ann", "c");
        house.withdrawn.add("ann");

        house.undecided.get(0).complete(new Authentication.Accepted(TestPrincipals.user("ann"), null));

        assertThat(client.wire.take(Packet.Disconnect.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
        assertThat(client.wire.closed).isTrue();
        assertThat(house.audit)
                .anySatisfy(event -> assertThat(event.fields())
                        .containsEntry("cause", "revoked")
                        .containsEntry("reason", ReasonCode.NOT_AUTHORIZED.code()));
    }
}
