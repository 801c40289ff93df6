package io.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.WriteBatch;

/** The durable store under a key: the contract, and what the key is for. */
class EncryptedStoreTest extends StoreContractTest {
    @TempDir
    Path folder;

    @Override
    Store open() throws UnusableStore {
        Path key = folder.resolve("key");
        return open(Optional.of(Files.exists(key) ? StoreKey.read(key) : StoreKey.make(key)));
    }

    private Store open(Optional<StoreKey> key) throws UnusableStore {
        return RocksStore.open(folder.resolve("store"), new StoreSettings(true, 1 << 20, key));
    }

    private static boolean holds(Path folder, String text) throws IOException {
        byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.toString().contains("native")
                        && new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                                .contains(new String(wanted, StandardCharsets.ISO_8859_1))) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void files_tellNeitherTopicsNorPayloads() throws Exception {
        retain("a-telling-topic", 3);
        store.close();
        assertThat(holds(folder.resolve("store"), "a-telling-topic")).isFalse();

        StoreTool.rekey(folder.resolve("store"), Optional.of(StoreKey.read(folder.resolve("key"))), Optional.empty());
        store = open(Optional.empty());
        assertThat(store.recover().retained()).hasSize(3);
        store.close();
        assertThat(holds(folder.resolve("store"), "a-telling-topic"))
                .as("in the clear it would be found")
                .isTrue();
        Files.delete(folder.resolve("key"));
        StoreTool.rekey(folder.resolve("store"), Optional.empty(), Optional.of(StoreKey.make(folder.resolve("key"))));
        store = open();
        assertThat(store.recover().retained()).hasSize(3);
    }

    @Test
    void open_withoutItsKeyOrWithAnother_isRefusedWithTheMend() throws Exception {
        retain("a", 1);
        store.close();
        assertThatThrownBy(() -> open(Optional.empty()))
                .isInstanceOf(UnusableStore.class)
                .hasMessageContaining("it is encrypted, and there is no key")
                .hasMessageContaining("key_file");
        StoreKey other = StoreKey.make(folder.resolve("other"));
        assertThatThrownBy(() -> open(Optional.of(other)))
                .isInstanceOf(UnusableStore.class)
                .hasMessageContaining("another key");
        store = open();
        assertThat(store.recover().retained()).hasSize(1);
    }

    @Test
    void open_ofAStoreInTheClearWithAKey_isRefusedUntilItIsRekeyed() throws Exception {
        store.close();
        Path plain = folder.resolve("plain");
        RocksStore.open(plain, StoreSettings.DEFAULT).close();
        StoreKey key = StoreKey.read(folder.resolve("key"));
        assertThatThrownBy(() -> RocksStore.open(plain, new StoreSettings(true, 1 << 20, Optional.of(key))))
                .isInstanceOf(UnusableStore.class)
                .hasMessageContaining("gatehouse store rekey");
        StoreTool.rekey(plain, Optional.empty(), Optional.of(key));
        RocksStore.open(plain, new StoreSettings(true, 1 << 20, Optional.of(key)))
                .close();
        store = open();
    }

    @Test
    void value_thatWasChangedOrMoved_isNotBelieved() throws Exception {
        StoreKey key = StoreKey.read(folder.resolve("key"));
        Seal seal = Seal.of(Optional.of(key));
        byte[] place = Keys.number(7);
        byte[] sealed = seal.seal(Family.CONTENTS, place, "body".getBytes(StandardCharsets.UTF_8));
        assertThat(seal.open(Family.CONTENTS, place, sealed))
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("body");
        for (int i = 5; i < sealed.length; i++) {
            byte[] changed = sealed.clone();
            changed[i] ^= 1;
            assertThatThrownBy(() -> seal.open(Family.CONTENTS, place, changed))
                    .as("byte %s", i)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> seal.open(Family.CONTENTS, Keys.number(8), sealed))
                .hasMessageContaining("was changed");
        assertThatThrownBy(() -> seal.open(Family.QUEUES, place, sealed)).hasMessageContaining("was changed");
    }

    @Test
    void key_thatOthersCanRead_orIsNone_isRefused() throws Exception {
        Path key = folder.resolve("key");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> StoreKey.read(key)).hasMessageContaining("chmod 600");
        Path wrong = Files.writeString(folder.resolve("wrong"), "abc\n");
        Files.setPosixFilePermissions(wrong, PosixFilePermissions.fromString("rw-------"));
        assertThatThrownBy(() -> StoreKey.read(wrong)).hasMessageContaining("64 hex digits");
        assertThat(StoreKey.make(folder.resolve("fresh"))).hasToString("StoreKey ***");
        assertThatThrownBy(() -> StoreKey.make(folder.resolve("fresh"))).isInstanceOf(UnusableStore.class);
    }

    @Test
    void check_namesARecordThatIsNotWhole_andRestoreRefusesIt() throws Exception {
        retain("a", 2);
        store.close();
        Path at = folder.resolve("store");
        Optional<StoreKey> key = Optional.of(StoreKey.read(folder.resolve("key")));
        assertThat(StoreTool.check(at, key).faults()).isEmpty();
        try (Engine engine = Engine.open(at.resolve("db"), Seal.of(key));
                WriteBatch batch = new WriteBatch()) {
            engine.put(batch, Family.RETAINED, Keys.topic("broken"), new byte[] {1, 2, 3});
            engine.write(batch, true);
        }
        assertThat(StoreTool.check(at, key).faults())
                .singleElement()
                .asString()
                .contains("a record of RETAINED cannot be read");
        assertThatThrownBy(() -> StoreTool.restore(at, folder.resolve("elsewhere"), key))
                .isInstanceOf(UnusableStore.class)
                .hasMessageContaining("damaged");
        try (Engine engine = Engine.open(at.resolve("db"), Seal.of(key));
                WriteBatch batch = new WriteBatch()) {
            engine.delete(batch, Family.RETAINED, Keys.topic("broken"));
            engine.write(batch, true);
        }
        store = open();
    }
}
