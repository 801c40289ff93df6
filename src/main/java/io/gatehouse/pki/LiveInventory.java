package io.gatehouse.pki;

import java.nio.file.Path;
import java.util.function.Function;

/**
 * The inventory of an authority as it is now, for a process that only reads it: it follows the journal, of which it reads
 * each line once. Any thread, one at a time. It needs neither the lock nor the passphrase.
 */
public final class LiveInventory {
    private final Journal journal;
    private final Inventory inventory = new Inventory();

    private LiveInventory(Journal journal) {
        this.journal = journal;
    }

    /** Reads all there is; the folder holds an authority. */
    public static LiveInventory open(Path folder) throws PkiProblem {
        new AuthorityFolder(folder).requireTrusted();
        LiveInventory live = new LiveInventory(Journal.follow(new AuthorityFolder(folder).journal()));
        live.refresh();
        return live;
    }

    /**
     * Reads what was appended since the last time; says whether there was something.
     *
     * @throws PkiProblem if the journal was changed where it was read before; what is known then is what it was
     */
    public synchronized boolean refresh() throws PkiProblem {
        return journal.catchUp(inventory::apply);
    }

    /** Asks about what was read. The answer must not hold on to the inventory. */
    public synchronized <T> T ask(Function<? super Inventory, T> question) {
        return question.apply(inventory);
    }
}
