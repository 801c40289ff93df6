package io.gatehouse.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the engine's native library: the one of {@code java.library.path} where a package brought it, else the one of the
 * jar, unpacked beside the store. Stateless; once in a process.
 *
 * <p>Not into {@code /tmp}: that may forbid programs, and every kill of the broker would leave a copy there.
 */
final class NativeLibrary {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibrary.class);

    private NativeLibrary() {}

    static void load(Path folder) throws UnusableStore {
        Path unpacked = folder.resolve("native");
        try {
            Files.createDirectories(unpacked);
            NativeLibraryLoader.getInstance().loadLibrary(unpacked.toString());
        } catch (IOException | UnsatisfiedLinkError e) {
            LOG.debug("the store's folder takes no programs: {}", e.getMessage());
            inTemporaryFolder(folder, e);
        }
        RocksDB.loadLibrary();
    }

    private static void inTemporaryFolder(Path folder, Throwable first) throws UnusableStore {
        try {
            NativeLibraryLoader.getInstance().loadLibrary(System.getProperty("java.io.tmpdir"));
        } catch (IOException | UnsatisfiedLinkError e) {
            e.addSuppressed(first);
            throw new UnusableStore(
                    "the storage engine's library can be loaded neither from " + folder.resolve("native") + " nor from "
                            + System.getProperty("java.io.tmpdir") + " (" + e.getMessage()
                            + "). Mount one of them without noexec, or write storage: memory",
                    e);
        }
    }
}
