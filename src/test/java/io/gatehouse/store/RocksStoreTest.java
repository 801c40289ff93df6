package io.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.WriteBatch;

/** The durable store: the contract, and what only a disk can do to it. */
class RocksStoreTest extends StoreContractTest {
    @TempDir
    Path folder;

    @Override
    Store open() throws UnusableStore {
        return RocksStore.open(folder.resolve("store"), StoreSettings.DEFAULT);
    }

    private Path database() {
        return folder.resolve("store/db");
    }

    private List<Path> logs() throws IOException {
        try (Stream<Path> files = Files.list(database())) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void files_areForTheirOwnerOnly() throws Exception {
        assertThat(Files.getPosixFilePermissions(folder.resolve("store")))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        assertThat(Files.getPosixFilePermissions(database())).isEqualTo(PosixFilePermissions.fromString("rwx------"));
        try (Stream<Path> files = Files.list(database())) {
            assertThat(files)
                    .isNotEmpty()
                    .allSatisfy(file -> assertThat(Files.getPosixFilePermissions(file))
                            .isEqualTo(PosixFilePermissions.fromString("rw-------")));
        }
    }

    @Test
    void folder_thatOthersCanEnter_isRefusedWithItsMend() throws IOException {
        Path open = Files.createDirectory(folder.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-x---"));

        assertThatThrownBy(() -> RocksStore.open(open, StoreSettings.DEFAULT))
                .isInstanceOf(UnusableStore.class)
                .hasMessageContaining("chmod 700 " + open);
    }

    @Test
    void promise_onWhatWasWrittenBefore_isSyncedToo() throws Exception {
        RocksStore rocks = (RocksStore) store;
        Changes unpromised = new Changes();
        unpromised.forget("a/b");
        store.append(unpromised);
        CountDownLatch written = new CountDownLatch(1);
        store.read(new StoredSession(1), 0, Long.MAX_VALUE, 1, 1, page -> written.countDown());
        assertThat(written.await(10, TimeUnit.SECONDS)).isTrue();
        long before = rocks.syncs();

        CountDownLatch promised = new CountDownLatch(1);
        store.append(new Changes(), Runnable::run, promised::countDown);

        assertThat(promised.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(rocks.syncs()).isEqualTo(before + 1);
    }

    @Test
    void folder_inUse_isRefused() {
        assertThatThrownBy(this::open).isInstanceOf(UnusableStore.class).hasMessageContaining("in use");
    }

    @Test
    void format_ofANewerProgram_isRefusedAndLeftAlone() throws Exception {
        store.close();
        try (Engine engine = Engine.open(database(), Seal.NONE);
                WriteBatch batch = new WriteBatch()) {
            engine.put(
                    batch,
                    Family.META,
                    Keys.FORMAT,
                    new RecordOut().int32(Format.CURRENT + 1).done());
            engine.write(batch, true);
        }

        assertThatThrownBy(this::open)
                .isInstanceOf(UnusableStore.class)
                .hasMessageContaining("format 2")
                .hasMessageContaining("newer Gatehouse");
        try (Engine engine = Engine.open(database(), Seal.NONE)) {
            assertThat(new RecordIn(java.util.Objects.requireNonNull(engine.get(Family.META, Keys.FORMAT))).int32())
                    .isEqualTo(2);
            try (WriteBatch batch = new WriteBatch()) {
                engine.put(
                        batch,
                        Family.META,
                        Keys.FORMAT,
                        new RecordOut().int32(Format.CURRENT).done());
                engine.write(batch, true);
            }
        }
        store = open();
    }

    @Test
    void log_withATornTail_isReadUpToIt() throws Exception {
        retain("a", 100);
        store.close();
        Path log = logs().get(logs().size() - 1);
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
            file.setLength(file.length() - 3);
        }

        store = open();

        assertThat(store.recover().retained()).hasSizeBetween(90, 99);
    }

    @Test
    void log_damagedBeforeItsTail_isRefusedAndNotShortened() throws Exception {
        retain("a", 100);
        store.close();
        Path log = logs().get(logs().size() - 1);
        long before = Files.size(log);
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
            file.seek(before / 2);
            int old = file.read();
            file.seek(before / 2);
            file.write(old ^ 0xFF);
        }

        assertThatThrownBy(this::open).isInstanceOf(UnusableStore.class).hasMessageContaining("damaged");
        assertThat(Files.size(log)).isEqualTo(before);

        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
            file.seek(before / 2);
            int wrong = file.read();
            file.seek(before / 2);
            file.write(wrong ^ 0xFF);
        }
        store = open();
        assertThat(store.recover().retained()).hasSize(100);
    }

    @Test
    void table_withADamagedBlock_isRefusedWithItsMend_andNotChanged() throws Exception {
        retain("a", 100);
        Path copy = folder.resolve("copy");
        ((RocksStore) store).backup(copy); // its tables hold what is only in the log here
        for (Path table : tables(copy)) {
            try (RandomAccessFile file = new RandomAccessFile(table.toFile(), "rw")) {
                file.seek(20);
                int old = file.read();
                file.seek(20);
                file.write(old ^ 0xFF);
            }
        }
        List<Path> before = tables(copy);

        assertThatThrownBy(() -> {
                    try (RocksStore damaged = RocksStore.open(copy, StoreSettings.DEFAULT)) {
                        damaged.recover();
                    }
                })
                .isInstanceOf(UnusableStore.class)
                .hasMessageContaining(copy.toString())
                .message()
                .doesNotContain("\n");
        assertThat(tables(copy)).isEqualTo(before);
    }

    private static List<Path> tables(Path store) throws IOException {
        try (Stream<Path> files = Files.list(store.resolve("db"))) {
            List<Path> tables = files.filter(file -> file.toString().endsWith(".sst"))
                    .sorted()
                    .toList();
            assertThat(tables).isNotEmpty();
            return tables;
        }
    }

    @Test
    void session_withARecordOfNoKnownKind_isRefusedAndNotLeftOut() throws Exception {
        store.close();
        byte[] key = new byte[9];
        key[8] = 99;
        try (Engine engine = Engine.open(database(), Seal.NONE);
                WriteBatch batch = new WriteBatch()) {
            engine.put(batch, Family.SESSIONS, key, new byte[1]);
            engine.write(batch, true);
        }

        store = open();

        assertThatThrownBy(store::recover)
                .isInstanceOf(UnusableStore.class)
                .hasMessageContaining("damaged")
                .hasMessageContaining("gatehouse store check");
    }

    @Test
    void folder_closedToOthersAndToNobodyElse_isNotTakenForOpen() throws Exception {
        Path shut = Files.createDirectory(folder.resolve("shut"));
        Files.setPosixFilePermissions(shut, PosixFilePermissions.fromString("---------"));
        try {
            if (Files.isWritable(shut)) { // the superuser
                RocksStore.open(shut, StoreSettings.DEFAULT).close();
            } else {
                assertThatThrownBy(() -> RocksStore.open(shut, StoreSettings.DEFAULT))
                        .isInstanceOf(UnusableStore.class)
                        .hasMessageContaining("cannot be written");
            }
        } finally {
            Files.setPosixFilePermissions(shut, PosixFilePermissions.fromString("rwx------"));
        }
    }
}
