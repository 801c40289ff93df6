package io.gatehouse.durability;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A file system of its own whose power can be cut: what was written and not synced is gone, as after the real thing.
 *
 * <p>It is ext4 in a file, and the cut is the kernel's own for testing file systems: after {@code FS_IOC_SHUTDOWN} without a
 * flush of the log nothing more reaches the disk, whatever waits in memory, and the next mount begins with the recovery of
 * the journal. Nothing is committed by time, so that only a sync saves. Linux, as root; the driver's thread.
 */
final class PoweredDisk implements AutoCloseable {
    /** {@code _IOR('X', 125, __u32)}, and the flag that leaves the log unflushed. */
    private static final String CUT = "open(my $f, '<', $ARGV[0]) or die $!;"
            + " my $flag = pack('L', 2); ioctl($f, 0x8004587D, $flag) or die $!;";

    private final Path image;
    private final Path at;
    private boolean mounted;

    /**
     * @param image where its content is kept
     * @param at an empty folder, where it is seen
     */
    PoweredDisk(Path image, Path at) {
        this.image = image;
        this.at = at;
    }

    /** Makes it, and puts it in its place; false where this user or this machine cannot. */
    boolean begin() throws IOException, InterruptedException {
        run("truncate", "--size=4G", image.toString());
        if (!run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1", image.toString())
                .isEmpty()) {
            return false;
        }
        if (!mount().isEmpty()) {
            return false;
        }
        Files.setPosixFilePermissions(at, PosixFilePermissions.fromString("rwx------"));
        return true;
    }

    private String mount() throws IOException, InterruptedException {
        String failure = run("mount", "-t", "ext4", "-o", "loop,commit=300", image.toString(), at.toString());
        mounted = failure.isEmpty();
        return failure;
    }

    /** From now on nothing reaches the disk. */
    void cut() throws IOException, InterruptedException {
        require(run("perl", "-e", CUT, at.toString()));
    }

    /** The power is back. Nobody may have anything open on it. */
    void back() throws IOException, InterruptedException {
        require(run("umount", at.toString()));
        mounted = false;
        require(mount());
    }

    private static void require(String failure) throws IOException {
        if (!failure.isEmpty()) {
            throw new IOException(failure);
        }
    }

    /** Empty when it went well, else what it said. */
    private static String run(String... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(command));
        Process process;
        try {
            process = new ProcessBuilder(words).redirectErrorStream(true).start();
        } catch (IOException e) {
            return words + ": " + e.getMessage();
        }
        String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return words + " does not end";
        }
        return process.exitValue() == 0 ? "" : words + ": " + said;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (mounted) {
            require(run("umount", "-l", at.toString()));
        }
    }
}
