package io.gatehouse.store;

import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the disk below a store does: whether what is appended may be promised. Any thread asks; the writer tells. */
final class Disk {
    private static final Logger LOG = LoggerFactory.getLogger(Disk.class);

    private volatile boolean failing;

    boolean isWritable() {
        return !failing;
    }

    void look() {
        // free space is watched here
    }

    void written() {
        if (failing) {
            failing = false;
            LOG.warn("the store can be written again; nothing that was acknowledged is lost");
        }
    }

    void failed(RocksDBException e) {
        if (!failing) {
            failing = true;
            LOG.error("the store cannot be written ({}): publishers are refused until it can", e.getMessage());
        }
    }

    void broken(String what, Exception e) {
        failing = true;
        LOG.error("{}: {}", what, e.getMessage());
    }

    void tryAgain(Engine engine) {
        try {
            engine.reopen();
        } catch (RocksDBException e) {
            LOG.debug("still not: {}", e.getMessage());
        }
    }
}
