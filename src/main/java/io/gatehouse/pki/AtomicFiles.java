package io.gatehouse.pki;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Writes files whole or not at all, with their mode from the first byte on: a new file beside the old, synced, then moved
 * over it. Stateless.
 */
public final class AtomicFiles {
    private AtomicFiles() {}

    /** A file that only its owner reads and writes: keys, passphrases, journals. */
    public static void writePrivate(Path file, byte[] bytes) throws IOException {
        write(file, bytes, "rw-------");
    }

    /** A file that everybody may read: certificates. */
    public static void writePublic(Path file, byte[] bytes) throws IOException {
        write(file, bytes, "rw-r--r--");
    }

    /**
     * Puts a file where another program reads it: it belongs to whom its folder belongs to, so that a broker with a user of
     * its own reads a key that root put there.
     *
     * @param secret whether only its owner reads it
     */
    public static void install(Path file, byte[] bytes, boolean secret) throws IOException {
        write(file, bytes, secret ? "rw-------" : "rw-r--r--", true);
    }

    /** A folder for {@link #install}: what is missing of it is made, and belongs to whom the folder above belongs to. */
    public static void makeInstallFolder(Path folder) throws IOException {
        Path whole = folder.toAbsolutePath().normalize();
        Path above = whole.getParent();
        if (Files.isDirectory(whole) || above == null) {
            return;
        }
        makeInstallFolder(above);
        Files.createDirectory(whole, attribute("rwx------"));
        own(whole, above);
    }

    /** A folder that only its owner enters. */
    public static void makePrivateFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder, attribute("rwx------"));
        }
    }

    private static void write(Path file, byte[] bytes, String mode) throws IOException {
        write(file, bytes, mode, false);
    }

    private static void write(Path file, byte[] bytes, String mode, boolean toItsFolder) throws IOException {
        Path folder = java.util.Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file is in a folder");
        if (!Files.isDirectory(folder)) {
            throw new NoSuchFileException(file.toString(), null, "there is no folder " + folder);
        }
        Path fresh = Files.createTempFile(folder, "." + file.getFileName(), ".new", attribute(mode));
        try {
            if (toItsFolder) {
                own(fresh, folder);
            }
            try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            // the mode at creation is cut down by the umask; what it takes away from a public file is given back
            Files.setPosixFilePermissions(fresh, permissions(mode));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            syncFolder(folder);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    private static void own(Path file, Path folder) throws IOException {
        PosixFileAttributes wanted = Files.readAttributes(folder, PosixFileAttributes.class);
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        PosixFileAttributes found = view.readAttributes();
        if (!found.group().equals(wanted.group())) {
            view.setGroup(wanted.group());
        }
        if (!found.owner().equals(wanted.owner())) {
            view.setOwner(wanted.owner());
        }
    }

    /** Makes what was renamed or deleted in a folder last through a loss of power. */
    public static void syncFolder(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    static FileAttribute<Set<PosixFilePermission>> attribute(String mode) {
        return PosixFilePermissions.asFileAttribute(permissions(mode));
    }

    private static Set<PosixFilePermission> permissions(String mode) {
        return PosixFilePermissions.fromString(mode);
    }
}
