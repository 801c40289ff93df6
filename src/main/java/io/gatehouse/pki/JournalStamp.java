package io.gatehouse.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/**
 * What the file system says of a journal: while it is the same, so is the file. Immutable.
 *
 * @param text empty if it does not say enough: unknown, or changed so short a time ago that the next change could have the
 *     same times
 */
record JournalStamp(String text, long bytes) {
    /** More than the step of any file system's clock. */
    private static final Duration SETTLED = Duration.ofSeconds(2);

    private static final JournalStamp NONE = new JournalStamp("", 0);

    static JournalStamp of(Path journal) throws IOException {
        try {
            BasicFileAttributes common = Files.readAttributes(journal, BasicFileAttributes.class);
            Instant written = common.lastModifiedTime().toInstant();
            // of the inode: no editor sets it back
            Instant changed =
                    ((FileTime) Objects.requireNonNull(Files.getAttribute(journal, "unix:ctime"))).toInstant();
            Instant settled = Clock.systemUTC().instant().minus(SETTLED);
            if (settled.isBefore(changed) || settled.isBefore(written)) {
                return new JournalStamp("", common.size());
            }
            return new JournalStamp(
                    common.fileKey() + " " + common.size() + " " + written + " " + changed, common.size());
        } catch (NoSuchFileException e) {
            return NONE;
        } catch (UnsupportedOperationException e) {
            return new JournalStamp("", Files.size(journal)); // no such file system
        }
    }

    /** Whether both say that it is the same file, as it was. */
    boolean isOf(JournalStamp other) {
        return !text.isEmpty() && text.equals(other.text);
    }
}
