package io.gatehouse.pki;

import io.gatehouse.pki.Inventory.Item;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Every certificate of an authority as {@code certs list} shows it, oldest first, for a million of them in little memory and
 * time. Confined to one thread.
 *
 * <p>What an {@link Inventory} says of each, in rows of bytes. They come from the {@link RollFile} in the authority's folder
 * as far as that is what the journal says, and from the journal after that; without the file, from the whole journal, some
 * thousand lines at a time. Nothing is issued or revoked by it.
 */
public final class Roll {
    /** How many lines are in memory as objects at a time. */
    private static final int SEGMENT = 20_000;

    /** From how many lines on that were not in the file it is written anew: below, they are read in no time. */
    private static final int WORTH_WRITING = 2_000;

    private static final int CHUNK_BYTES = 1 << 20;

    /** Of lines that say nothing about a certificate, nor how it is shown. */
    private static final Set<String> NOT_SHOWN = Set.of(
            "create",
            "uri",
            "retire",
            "crl",
            "token",
            "token-used",
            "token-revoked",
            "request",
            "request-approved",
            "request-refused");

    /** Of lines that name a certificate by its number. */
    private static final Set<String> ABOUT_ONE = Set.of("issue", "enrol", "activate", "revoke", "release");

    private List<ByteBuffer> chunks;
    /** The groups of holders that have no certificate yet. */
    private Map<String, Journal.Entry> groups;

    private long rows;

    private final List<Journal.Entry> segment = new ArrayList<>();
    private int segmentLines = SEGMENT;
    private boolean unfit;
    private Optional<String> warning = Optional.empty();

    Roll() {
        this(List.of(), Map.of(), 0);
    }

    Roll(List<ByteBuffer> chunks, Map<String, Journal.Entry> groups, long rows) {
        this.chunks = chunks;
        this.groups = groups;
        this.rows = rows;
    }

    /** Reads what an authority issued, without its lock and without its passphrase. */
    public static Roll of(Path folder) throws PkiProblem {
        return of(folder, SEGMENT, WORTH_WRITING);
    }

    static Roll of(Path folder, int segmentLines, int worthWriting) throws PkiProblem {
        AuthorityFolder authority = new AuthorityFolder(folder);
        authority.requireTrusted();
        RollFile file = new RollFile(authority);
        try {
            JournalStamp stamp = JournalStamp.of(authority.journal());
            Optional<RollFile.Kept> kept = file.read(stamp);
            Roll roll = kept.map(RollFile.Kept::roll).orElseGet(Roll::new);
            roll.segmentLines = segmentLines;
            Journal journal = kept.map(one -> Journal.from(authority.journal(), one.lines(), one.hash(), one.bytes()))
                    .orElseGet(() -> Journal.follow(authority.journal()));
            long before = journal.count();
            roll.read(journal, folder);
            boolean worth = journal.count() - before >= worthWriting
                    || kept.isPresent() && !kept.get().stamped();
            if (worth) {
                roll.warning = file.write(roll, journal, kept, stamp);
            }
            return roll;
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, folder + ": cannot be read: " + FileFault.why(e));
        }
    }

    /** What {@link #rebuild} made. */
    public record Rebuilt(Path file, long certificates, long lines) {}

    /** Makes the index anew, of the whole journal, under the authority's lock; whatever it was before. */
    public static Rebuilt rebuild(Path folder) throws PkiProblem {
        AuthorityFolder authority = new AuthorityFolder(folder);
        Authority.requireWhole(authority);
        RollFile file = new RollFile(authority);
        try {
            file.requireOurs();
            try (AuthorityLock held = authority.lockWithin(Authority.MOMENT)) {
                JournalStamp stamp = JournalStamp.of(authority.journal());
                Roll roll = new Roll();
                Journal journal = Journal.follow(authority.journal());
                roll.read(journal, folder);
                Optional<String> fault = file.write(roll, journal, Optional.empty(), stamp);
                if (fault.isPresent()) {
                    throw new PkiProblem(PkiProblem.Kind.IO, fault.get());
                }
                return new Rebuilt(file.path(), roll.rows(), journal.count());
            }
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, folder + ": cannot be locked or read: " + FileFault.why(e));
        }
    }

    private void read(Journal journal, Path folder) throws PkiProblem {
        journal.catchUp(this::take);
        flush();
        if (unfit) {
            Authority.view(folder); // says which line
            throw new IllegalStateException("the journal is good, and its rows are not");
        }
    }

    /** Why the next one will not be as quick, if it will not. */
    public Optional<String> warning() {
        return warning;
    }

    /** Every certificate, oldest first; the row is used again for the next. */
    public void forEach(Consumer<RollRow> reader) {
        RollRow row = new RollRow();
        for (ByteBuffer chunk : chunks) {
            for (int at = 0; at < chunk.limit(); at += row.length()) {
                reader.accept(row.at(chunk, at));
            }
        }
    }

    List<ByteBuffer> chunks() {
        return chunks;
    }

    Map<String, Journal.Entry> groups() {
        return groups;
    }

    long rows() {
        return rows;
    }

    /** Takes the next line of the journal. */
    void take(Journal.Entry entry) {
        if (unfit || NOT_SHOWN.contains(entry.action())) {
            return;
        }
        boolean made = entry.action().equals("issue") || entry.action().equals("enrol");
        segment.add(made ? entry.without() : entry);
        if (segment.size() >= segmentLines) {
            flush();
        }
    }

    /**
     * Puts the lines that were taken into the rows: an inventory of those certificates and holders that they speak of says
     * what becomes of these, as the inventory of all would.
     */
    void flush() {
        if (segment.isEmpty() || unfit) {
            return;
        }
        try {
            apply();
        } catch (UnfitEntry | IllegalArgumentException e) {
            unfit = true; // read again as a whole, it is named with its place
        }
        segment.clear();
    }

    private void apply() {
        Marks marks = new Marks(2 * segment.size());
        for (Journal.Entry entry : segment) {
            marks.add(RollRow.markOf(entry.id()));
            if (ABOUT_ONE.contains(entry.action())) {
                marks.add(RollRow.markOf(new BigInteger(entry.serial(), 16)));
            }
        }
        Inventory inventory = new Inventory();
        groups.values().forEach(inventory::apply);
        Set<BigInteger> known = new HashSet<>();
        Set<Integer> touched = new HashSet<>();
        RollRow row = new RollRow();
        for (int i = 0; i < chunks.size(); i++) {
            ByteBuffer chunk = chunks.get(i);
            for (int at = 0; at < chunk.limit(); at += row.length()) {
                if (marks.has(row.at(chunk, at))) {
                    Item item = row.item();
                    inventory.seed(item, row.isLatest(), row.group());
                    known.add(item.serial());
                    touched.add(i);
                }
            }
        }
        segment.forEach(inventory::apply);
        write(inventory, known, touched, marks);
        keepGroups(inventory);
    }

    /** Chunks without such rows stay as they are; the others are written anew, and what is new comes after them. */
    private void write(Inventory inventory, Set<BigInteger> known, Set<Integer> touched, Marks marks) {
        List<ByteBuffer> all = new ArrayList<>(chunks.size() + 8);
        RollRow row = new RollRow();
        for (int i = 0; i < chunks.size(); i++) {
            ByteBuffer chunk = chunks.get(i);
            if (!touched.contains(i)) {
                all.add(chunk);
                continue;
            }
            Writer writer = new Writer(all);
            for (int at = 0; at < chunk.limit(); at += row.length()) {
                if (marks.has(row.at(chunk, at))) {
                    writer.add(inventory, inventory.bySerial(row.serial()).orElseThrow());
                } else {
                    writer.copy(row);
                }
            }
            writer.end();
        }
        Writer writer = new Writer(all);
        for (Item item : inventory.items()) {
            if (!known.contains(item.serial())) {
                writer.add(inventory, item);
                rows++;
            }
        }
        writer.end();
        chunks = all;
    }

    private void keepGroups(Inventory inventory) {
        Map<String, Journal.Entry> kept = new HashMap<>(groups);
        for (Journal.Entry entry : segment) {
            if (entry.action().equals("group")) {
                kept.put(Inventory.name(Profile.ofWord(entry.profile()), entry.id()), entry);
            }
        }
        if (!kept.isEmpty()) {
            inventory.items().forEach(item -> kept.remove(Inventory.name(item.profile(), item.id())));
        }
        groups = kept;
    }

    private static final class Writer {
        private final List<ByteBuffer> to;
        private ByteBuffer chunk = ByteBuffer.allocate(0);

        Writer(List<ByteBuffer> to) {
            this.to = to;
        }

        void add(Inventory inventory, Item item) {
            byte[] row = RollRow.bytes(item, inventory.isLatest(item), inventory.groupOf(item));
            room(row.length);
            chunk.put(row);
        }

        void copy(RollRow row) {
            room(row.length());
            row.copyTo(chunk);
        }

        private void room(int bytes) {
            if (chunk.remaining() < bytes) {
                end();
                chunk = ByteBuffer.allocate(CHUNK_BYTES);
            }
        }

        void end() {
            if (chunk.position() > 0) {
                to.add(ByteBuffer.wrap(Arrays.copyOf(chunk.array(), chunk.position())));
            }
            chunk = ByteBuffer.allocate(0);
        }
    }

    /** A set of marks, without an object for each. */
    private static final class Marks {
        private final long[] slots;
        private final int mask;

        Marks(int size) {
            slots = new long[Integer.highestOneBit(Math.max(8, size)) * 4];
            mask = slots.length - 1;
        }

        void add(long mark) {
            long one = mark == 0 ? 1 : mark; // 0 is an empty slot
            int at = slot(one);
            while (slots[at] != 0 && slots[at] != one) {
                at = at + 1 & mask;
            }
            slots[at] = one;
        }

        /** Whether a row may be of a number or a holder that is among them. */
        boolean has(RollRow row) {
            return has(row.idMark()) || has(row.serialMark());
        }

        private boolean has(long mark) {
            long one = mark == 0 ? 1 : mark;
            int at = slot(one);
            while (slots[at] != 0) {
                if (slots[at] == one) {
                    return true;
                }
                at = at + 1 & mask;
            }
            return false;
        }

        private int slot(long mark) {
            return (int) (mark ^ mark >>> 32) & mask;
        }
    }
}
