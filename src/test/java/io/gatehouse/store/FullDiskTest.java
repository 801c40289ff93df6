package io.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk of its own that others fill to the last byte. Needs to mount one: skipped, and says so, where it may not. */
class FullDiskTest {
    private static final StoreSettings SETTINGS = new StoreSettings(true, 8 << 20);
    private static final PrincipalRecord OWNER = new PrincipalRecord("u", "r", List.of(), "", "", Map.of());

    @TempDir
    Path folder;

    private boolean mounted; // unmounted lazily: the native library may be mapped from there

    @BeforeEach
    void mount() throws Exception {
        mounted = run("mount", "-t", "tmpfs", "-o", "size=320m,mode=700", "tmpfs", folder.toString()) == 0;
        assumeTrue(mounted, "SKIPPED: mounting a small disk needs root");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(run("umount", "-l", folder.toString())).isZero();
        }
    }

    private static int run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    @Test
    void readOnlyDisk_isRefusedAtTheStart_andServedWhenItCanBeWrittenAgain() throws Exception {
        Path store = folder.resolve("store");
        RocksStore.open(store, SETTINGS).close();
        assertThat(run("mount", "-o", "remount,ro", folder.toString())).isZero();
        try {
            assertThatThrownBy(() -> RocksStore.open(store, SETTINGS))
                    .isInstanceOf(UnusableStore.class)
                    .hasMessageContaining("read-only");
        } finally {
            assertThat(run("mount", "-o", "remount,rw", folder.toString())).isZero();
        }
        try (RocksStore again = RocksStore.open(store, SETTINGS)) {
            assertThat(again.isWritable()).isTrue();
        }
    }

    @Test
    void fullDisk_refuses_letsDrain_andGoesOnByItselfWhenThereIsRoom() throws Exception {
        Path filler = folder.resolve("filler");
        List<String> promised = new ArrayList<>();
        StoredSession session;
        try (RocksStore store = RocksStore.open(folder.resolve("store"), SETTINGS)) {
            store.recover();
            session = new StoredSession(store.nextNumber());
            Changes begin = new Changes();
            begin.save(session, new SessionRecord("client", OWNER, 3600, 1, null));
            durable(store, begin);
            for (int i = 0; i < 50; i++) {
                durable(store, entry(store, session, "before " + i));
                promised.add("before " + i);
            }
            assertThat(store.isWritable()).isTrue();

            fill(filler);
            await().atMost(Duration.ofSeconds(30)).until(() -> !store.isWritable());
            // what was on its way is promised only once it is written
            AtomicInteger acknowledged = new AtomicInteger();
            for (int i = 0; i < 200; i++) {
                store.append(entry(store, session, "during " + i), Runnable::run, acknowledged::incrementAndGet);
                promised.add("during " + i);
            }
            // and what a subscriber takes can be removed
            List<QueueEntry> taken = read(store, session, 20);
            Changes removed = new Changes();
            for (QueueEntry entry : taken) {
                entry.remove();
                removed.save(entry);
                promised.remove(0);
            }
            durable(store, removed);
            assertThat(store.isWritable()).isFalse();

            Files.delete(filler);
            await().atMost(Duration.ofSeconds(30)).until(store::isWritable);
            await().atMost(Duration.ofSeconds(30)).until(() -> acknowledged.get() == 200);
            durable(store, entry(store, session, "after"));
            promised.add("after");

            // to the last byte, in the middle of a batch: nothing is promised, nothing of it is lost
            fill(filler);
            AtomicInteger flood = new AtomicInteger();
            String large = "x".repeat(64 << 10);
            for (int i = 0; i < 1200; i++) {
                store.append(entry(store, session, i + large), Runnable::run, flood::incrementAndGet);
                promised.add(i + large);
            }
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !store.isWritable() && !Files.exists(folder.resolve("store/reserve")));
            assertThat(flood.get()).isLessThan(1200);
            Files.delete(filler);
            await().atMost(Duration.ofSeconds(30)).until(() -> flood.get() == 1200 && store.isWritable());
        }
        try (RocksStore again = RocksStore.open(folder.resolve("store"), SETTINGS)) {
            StoredSession found = again.recover().sessions().get(0).stored();
            assertThat(found.messages()).isEqualTo(promised.size());
            assertThat(read(again, found, 10_000))
                    .extracting(FullDiskTest::text)
                    .satisfies(texts -> assertThat(texts.equals(promised)).isTrue());
        }
    }

    private static String text(QueueEntry entry) {
        return new String(entry.message().payload().bytes(), java.nio.charset.StandardCharsets.UTF_8).strip();
    }

    /** 4 KiB each, so that they need more than the room the log has taken in advance. */
    private static Changes entry(Store store, StoredSession session, String text) {
        Changes changes = new Changes();
        changes.save(new QueueEntry(
                changes,
                session,
                store.nextNumber(),
                Message.of("a", Qos.AT_LEAST_ONCE, false, Payload.of(text + " ".repeat(4096))),
                "a",
                List.of(),
                Long.MAX_VALUE));
        return changes;
    }

    private static void durable(Store store, Changes changes) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        store.append(changes, Runnable::run, () -> done.complete(null));
        done.orTimeout(30, TimeUnit.SECONDS).join();
    }

    private static List<QueueEntry> read(Store store, StoredSession session, int max) {
        CompletableFuture<Page> page = new CompletableFuture<>();
        store.read(session, 0, Long.MAX_VALUE - 1, max, 1 << 30, page::complete);
        Page read = page.orTimeout(30, TimeUnit.SECONDS).join();
        assertThat(read.failure()).isNull();
        return read.entries();
    }

    private static void fill(Path file) {
        byte[] block = new byte[4096];
        try (OutputStream out = Files.newOutputStream(file)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("No space left");
        }
    }
}
