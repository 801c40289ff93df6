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
import java.util.ArrayList;
import java.util.List;
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
            fill(fresh, bytes, mode);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            syncFolder(folder);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    /** Writes files of one folder, all of them or, where one cannot be, none; in this order. */
    static void writeTogether(Path folder, List<HolderFile> files) throws IOException {
        List<Path> fresh = new ArrayList<>();
        try {
            for (HolderFile file : files) {
                if (Files.isDirectory(folder.resolve(file.name()))) {
                    throw new IOException(file.name() + " is a folder there");
                }
                Path next = Files.createTempFile(folder, "." + file.name(), ".new", attribute("rw-------"));
                fresh.add(next);
                fill(next, file.content(), file.secret() ? "rw-------" : "rw-r--r--");
            }
            for (int i = 0; i < fresh.size(); i++) {
                Files.move(
                        fresh.get(i),
                        folder.resolve(files.get(i).name()),
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            }
            syncFolder(folder);
        } finally {
            for (Path one : fresh) {
                Files.deleteIfExists(one);
            }
        }
    }

    /**
     * Tries whether so much can be written into a folder, which need not be there; nothing of it stays. Another may take the
     * room a moment later: it is for saying no before something is made that cannot be written, and proves nothing.
     */
    public static void requireRoom(Path folder, int bytes) throws IOException {
        Path there = folder.toAbsolutePath().normalize();
        Path above = there.getParent();
        while (above != null && !Files.exists(there)) {
            there = above;
            above = there.getParent();
        }
        Path probe = Files.createTempFile(there, ".room", ".new", attribute("rw-------"));
        try {
            fill(probe, new byte[bytes], "rw-------");
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    /** The mode at creation is cut down by the umask; what it takes away from a public file is given back. */
    private static void fill(Path fresh, byte[] bytes, String mode) throws IOException {
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        Files.setPosixFilePermissions(fresh, permissions(mode));
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
