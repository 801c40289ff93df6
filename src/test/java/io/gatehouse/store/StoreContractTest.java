package io.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.RetainHandling;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import io.gatehouse.protocol.UserProperty;
import io.gatehouse.protocol.Will;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store promises; each implementation runs it whole. */
abstract class StoreContractTest {
    private static final PrincipalRecord OWNER = new PrincipalRecord(
            "ada",
            "certificate",
            List.of("certificate"),
            "devices",
            "192.0.2.7",
            Map.of("cert.cn", List.of("ada"), "cert.san.dns", List.of("a.example", "b.example")));

    Store store;

    /** Opens the store of this test, with what the one before it left. */
    abstract Store open() throws UnusableStore;

    @BeforeEach
    void begin() throws UnusableStore {
        store = open();
        assertThat(store.recover().sessions()).isEmpty();
    }

    @AfterEach
    void end() {
        store.close();
    }

    private Recovered again() throws UnusableStore {
        store.close();
        store = open();
        return store.recover();
    }

    final void durable(Changes changes) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        store.append(changes, Runnable::run, () -> done.complete(null));
        done.orTimeout(30, TimeUnit.SECONDS).join();
    }

    /** Retained messages, durable when this returns. */
    final void retain(String prefix, int count) {
        for (int i = 0; i < count; i++) {
            Changes changes = new Changes();
            changes.retain(new RetainedRecord(
                    io.gatehouse.protocol.Message.of(
                            prefix + i,
                            io.gatehouse.protocol.Qos.AT_LEAST_ONCE,
                            true,
                            io.gatehouse.protocol.Payload.of("x".repeat(100))),
                    new PrincipalRecord("u", "r", List.of(), "", "", java.util.Map.of()),
                    "c",
                    1));
            durable(changes);
        }
    }

    private StoredSession session(String clientId) {
        StoredSession session = new StoredSession(store.nextNumber());
        Changes changes = new Changes();
        changes.save(session, new SessionRecord(clientId, OWNER, 3600, 17, null));
        durable(changes);
        return session;
    }

    private QueueEntry entry(Changes changes, StoredSession session, String payload) {
        return entry(changes, session, Message.of("a/b", Qos.AT_LEAST_ONCE, false, Payload.of(payload)));
    }

    private QueueEntry entry(Changes changes, StoredSession session, Message message) {
        QueueEntry entry =
                new QueueEntry(changes, session, store.nextNumber(), message, "a/#", List.of(7), Long.MAX_VALUE);
        changes.save(entry);
        return entry;
    }

    @Test
    void entry_ofManySubscriptions_hasAllTheirIdentifiers() {
        StoredSession session = new StoredSession(store.nextNumber());
        Message message = Message.of("a/b", Qos.AT_LEAST_ONCE, false, Payload.of("it"));
        for (int count : new int[] {0, 1, 254, 255, 256, 1000}) {
            List<Integer> identifiers =
                    java.util.stream.IntStream.rangeClosed(1, count).boxed().toList();
            Changes changes = new Changes();
            QueueEntry entry =
                    new QueueEntry(changes, session, store.nextNumber(), message, "a/#", identifiers, Long.MAX_VALUE);
            changes.save(entry);
            store.append(changes);

            List<QueueEntry> found = read(session, 0, 10);
            assertThat(found.get(found.size() - 1).identifiers()).isEqualTo(identifiers);
        }
    }

    private List<QueueEntry> read(StoredSession session, long after, int max) {
        CompletableFuture<Page> page = new CompletableFuture<>();
        store.read(session, after, Long.MAX_VALUE - 1, max, 1 << 20, page::complete);
        Page read = page.orTimeout(30, TimeUnit.SECONDS).join();
        assertThat(read.failure()).isNull();
        return read.entries();
    }

    private static List<String> payloads(List<QueueEntry> entries) {
        return entries.stream()
                .map(entry -> new String(entry.message().payload().bytes(), java.nio.charset.StandardCharsets.UTF_8))
                .toList();
    }

    private static Recovered.Session only(Recovered recovered) {
        assertThat(recovered.sessions()).hasSize(1);
        return recovered.sessions().get(0);
    }

    @Test
    void session_withEverythingAboutIt_isRecovered() throws UnusableStore {
        StoredSession session = new StoredSession(store.nextNumber());
        Message last = new Message(
                TopicName.of("last/words"),
                Qos.EXACTLY_ONCE,
                true,
                new MessageProperties(
                        true,
                        60,
                        "text/plain",
                        TopicName.of("answers/here"),
                        new byte[] {1, 2},
                        List.of(new UserProperty("k", "v"), new UserProperty("k", "w"))),
                Payload.of("bye"));
        SessionRecord record = new SessionRecord("client", OWNER, 4_294_967_295L, 99, new Will(last, 30));
        Subscription plain = Subscription.of(TopicFilter.of("a/+/#"), Qos.AT_LEAST_ONCE);
        Subscription rich = new Subscription(
                TopicFilter.of("$share/g/b"), Qos.EXACTLY_ONCE, true, true, RetainHandling.IF_NEW, 268_435_455);
        Changes changes = new Changes();
        changes.save(session, record);
        changes.subscribed(session, plain);
        changes.subscribed(session, rich);
        changes.received(session, 65_535);
        changes.received(session, 2);
        durable(changes);

        Recovered.Session found = only(again());

        assertThat(found.record().principal()).isEqualTo(OWNER);
        assertThat(found.principal().record()).isEqualTo(OWNER);
        assertThat(found.principal().clientId()).isEqualTo("client");
        assertThat(found.record().expirySeconds()).isEqualTo(record.expirySeconds());
        assertThat(found.record().awaySinceMillis()).isEqualTo(99);
        assertThat(found.record().will()).usingRecursiveComparison().isEqualTo(record.will());
        assertThat(found.subscriptions()).containsExactlyInAnyOrder(plain, rich);
        assertThat(found.receipts()).isEqualTo(Set.of(2, 65_535));
        assertThat(found.stored().messages()).isZero();
    }

    @Test
    void changes_thatTakeBack_areRecoveredToo() throws UnusableStore {
        StoredSession session = session("client");
        Changes made = new Changes();
        made.subscribed(session, Subscription.of(TopicFilter.of("a"), Qos.AT_LEAST_ONCE));
        made.subscribed(session, Subscription.of(TopicFilter.of("b"), Qos.AT_LEAST_ONCE));
        made.subscribed(session, Subscription.of(TopicFilter.of("b"), Qos.EXACTLY_ONCE));
        made.received(session, 1);
        made.received(session, 2);
        durable(made);
        Changes taken = new Changes();
        taken.unsubscribed(session, "a");
        taken.released(session, 1);
        durable(taken);

        Recovered.Session found = only(again());

        assertThat(found.subscriptions()).containsExactly(Subscription.of(TopicFilter.of("b"), Qos.EXACTLY_ONCE));
        assertThat(found.receipts()).containsExactly(2);
    }

    @Test
    void queue_isReadInOrderPageByPage_afterReopening() throws UnusableStore {
        StoredSession session = session("client");
        for (int i = 0; i < 10; i++) {
            Changes changes = new Changes();
            entry(changes, session, "m" + i);
            durable(changes);
        }

        StoredSession found = only(again()).stored();

        assertThat(found.messages()).isEqualTo(10);
        assertThat(found.bytes()).isEqualTo(10 * 5);
        List<QueueEntry> first = read(found, 0, 4);
        assertThat(payloads(first)).containsExactly("m0", "m1", "m2", "m3");
        assertThat(payloads(read(found, first.get(3).sequence(), 4))).containsExactly("m4", "m5", "m6", "m7");
        assertThat(first.get(0).filter()).isEqualTo("a/#");
        assertThat(first.get(0).identifiers()).containsExactly(7);
        assertThat(first.get(0).message().qos()).isEqualTo(Qos.AT_LEAST_ONCE);
        assertThat(first.get(0).packetId()).isZero();
    }

    @Test
    void entry_keepsIdentifierAndState_howeverOftenItChanges() throws UnusableStore {
        StoredSession session = session("client");
        Changes changes = new Changes();
        QueueEntry sentAtOnce = entry(changes, session, "at once");
        sentAtOnce.sent(5);
        QueueEntry sentLater = entry(changes, session, "later");
        entry(changes, session, "never");
        durable(changes);
        sentLater.sent(6);
        Changes later = new Changes();
        later.save(sentLater);
        durable(later);
        sentAtOnce.release();
        Changes released = new Changes();
        released.save(sentAtOnce);
        durable(released);

        List<QueueEntry> found = read(only(again()).stored(), 0, 10);

        assertThat(found).extracting(QueueEntry::packetId).containsExactly(5, 6, 0);
        assertThat(found).extracting(QueueEntry::isReleased).containsExactly(true, false, false);
        found.forEach(QueueEntry::remove);
        Changes removed = new Changes();
        found.forEach(removed::save);
        durable(removed);
        assertThat(read(found.get(0).session(), 0, 10)).isEmpty();
        assertThat(only(again()).stored().messages()).isZero();
    }

    @Test
    void entry_removedBeforeItIsSaved_neverAppears() throws UnusableStore {
        StoredSession session = session("client");
        Changes changes = new Changes();
        QueueEntry entry = entry(changes, session, "gone");
        entry(changes, session, "stays");
        entry.remove();
        Changes removal = new Changes();
        removal.save(entry);
        durable(removal); // overtakes what made it
        durable(changes);

        assertThat(payloads(read(only(again()).stored(), 0, 10))).containsExactly("stays");
    }

    @Test
    void message_ofManySessions_isThereUntilTheLastHasIt() throws UnusableStore {
        List<StoredSession> sessions =
                IntStream.range(0, 20).mapToObj(i -> session("client" + i)).toList();
        Message message = Message.of("a/b", Qos.AT_LEAST_ONCE, false, Payload.of("for all"));
        Changes changes = new Changes();
        sessions.forEach(session -> entry(changes, session, message));
        durable(changes);

        List<StoredSession> found = new ArrayList<>();
        again().sessions().forEach(session -> found.add(session.stored()));

        assertThat(found).hasSize(20);
        for (StoredSession session : found) {
            List<QueueEntry> entries = read(session, 0, 10);
            assertThat(payloads(entries)).containsExactly("for all");
            entries.get(0).remove();
            Changes removal = new Changes();
            removal.save(entries.get(0));
            durable(removal);
        }
        assertThat(again().sessions())
                .allSatisfy(session -> assertThat(session.stored().messages()).isZero());
    }

    @Test
    void session_thatEnds_takesItsQueueWithItAndStaysGone() throws UnusableStore {
        StoredSession gone = session("gone");
        StoredSession stays = session("stays");
        Message message = Message.of("a/b", Qos.AT_LEAST_ONCE, false, Payload.of("for both"));
        Changes changes = new Changes();
        entry(changes, gone, message);
        entry(changes, stays, message);
        durable(changes);
        Changes end = new Changes();
        end.end(gone, List.of(), List.of());
        durable(end);
        Changes late = new Changes();
        entry(late, gone, "too late");
        late.save(gone, new SessionRecord("gone", OWNER, 1, 1, null));
        durable(late);

        Recovered recovered = again();

        assertThat(only(recovered).record().clientId()).isEqualTo("stays");
        await().atMost(Duration.ofSeconds(30))
                .until(() -> read(new StoredSession(gone.number()), 0, 10).isEmpty());
        assertThat(payloads(read(only(recovered).stored(), 0, 10))).containsExactly("for both");
    }

    @Test
    void retained_isRecoveredWithWhoLeftIt_andForgottenWhenItIsTakenAway() throws UnusableStore {
        Changes changes = new Changes();
        Message message = Message.of("x/y", Qos.AT_MOST_ONCE, true, Payload.of("old"));
        changes.retain(new RetainedRecord(message, OWNER, "publisher", 5));
        Message newer = Message.of("x/y", Qos.AT_LEAST_ONCE, true, Payload.of("new"));
        changes.retain(new RetainedRecord(newer, OWNER, "publisher", 6));
        Message other = Message.of("x/z", Qos.AT_LEAST_ONCE, true, Payload.of("z"));
        changes.retain(new RetainedRecord(other, OWNER, "publisher", 7));
        changes.forget("x/z");
        durable(changes);

        Recovered recovered = again();

        assertThat(recovered.retained()).hasSize(1);
        Recovered.Retained found = recovered.retained().get(0);
        assertThat(found.message()).isEqualTo(newer);
        assertThat(found.storedAtMillis()).isEqualTo(6);
        assertThat(found.publisher().record()).isEqualTo(OWNER);
        assertThat(found.publisher().clientId()).isEqualTo("publisher");
    }

    @Test
    void actions_runInTheOrderTheyWereAppendedIn() {
        List<Integer> order = new ArrayList<>();
        CompletableFuture<Void> last = new CompletableFuture<>();
        java.util.concurrent.Executor loop = Runnable::run;
        for (int i = 0; i < 1000; i++) {
            int number = i;
            Changes changes = new Changes();
            if (i % 3 == 0) {
                changes.forget("t" + i);
            }
            store.append(changes, loop, () -> order.add(number));
        }
        store.append(new Changes(), loop, () -> last.complete(null));
        last.orTimeout(30, TimeUnit.SECONDS).join();

        assertThat(order).isEqualTo(IntStream.range(0, 1000).boxed().toList());
    }

    @Test
    void numbers_areNeverGivenTwice() throws UnusableStore {
        StoredSession session = session("client");
        Changes changes = new Changes();
        entry(changes, session, "m");
        durable(changes);
        long highest = store.nextNumber();
        durable(new Changes());

        again();

        assertThat(store.nextNumber()).isGreaterThan(highest - 1);
    }
}
