package io.gatehouse.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Qos;
import io.gatehouse.session.SessionLimits;
import io.gatehouse.store.Changes;
import io.gatehouse.store.MemoryStore;
import io.gatehouse.store.Page;
import io.gatehouse.store.Recovered;
import io.gatehouse.store.Store;
import io.gatehouse.store.StoredSession;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
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
                waiting.add(then);
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
            return true;
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
}
