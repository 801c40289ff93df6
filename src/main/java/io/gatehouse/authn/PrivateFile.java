package io.gatehouse.authn;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/**
 * Files that hold secrets: read only when nobody else can read or write them, written so that a crash leaves the old
 * file or the new one. Stateless; blocks.
 */
final class PrivateFile {
    private static final Set<PosixFilePermission> TOO_OPEN = EnumSet.of(
            PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE);

    private static final Set<PosixFilePermission> WRITABLE =
            EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private PrivateFile() {}

    /** Reads the whole file; the size is looked at before. */
    static byte[] read(Path file, long maxBytes) throws Unusable {
        try {
            requirePrivate(file);
            long size = Files.size(file);
            if (size > maxBytes) {
                throw new Unusable(file + ": has " + size + " bytes, the most is " + maxBytes);
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new Unusable(file + ": there is no such file");
        } catch (IOException e) {
            throw new Unusable(file + ": cannot be read: " + reason(e));
        }
    }

    /** Reads the whole file as UTF-8, strictly. */
    static String readText(Path file, long maxBytes) throws Unusable {
        return text(file.toString(), read(file, maxBytes));
    }

    static String text(String file, byte[] bytes) throws Unusable {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Unusable(file + ": is not UTF-8 text");
        }
    }

    /** Keeps out all but the owner and readers of the group; where modes do not exist there is nothing to check. */
    static void requirePrivate(Path file) throws IOException, Unusable {
        require(file, TOO_OPEN, "read or write", "600");
    }

    /** For what is no secret but decides who gets in: nobody but the owner writes it. */
    static void requireUnwritable(Path file) throws IOException, Unusable {
        require(file, WRITABLE, "write", "644");
    }

    private static void require(Path file, Set<PosixFilePermission> refused, String what, String mend)
            throws IOException, Unusable {
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (view == null) {
            return;
        }
        Set<PosixFilePermission> mode = view.readAttributes().permissions();
        if (mode.stream().anyMatch(refused::contains)) {
            throw new Unusable(file + ": others can " + what + " it (" + PosixFilePermissions.toString(mode)
                    + "). Mend it with: chmod " + mend + " " + file);
        }
    }

    /** Puts new content in the file's place at once, mode 0600; a symbolic link stays and its target changes. */
    static void replace(Path file, byte[] content) throws IOException {
        Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        Path folder = target.getParent();
        if (folder == null) {
            throw new IOException(file + " is not a file");
        }
        Path temporary = Files.createTempFile(folder, "." + target.getFileName(), ".tmp", ownerOnly(folder));
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(content);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            // the rename is a change of the folder: without this a crash may bring the old file back
            channel.force(true);
        }
    }

    /** Makes an empty file, mode 0600, unless there is one. */
    static void createIfMissing(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException(file + " is not a file");
        }
        try {
            Files.createFile(file, ownerOnly(folder));
        } catch (FileAlreadyExistsException e) {
            // as it should be: made before, or by another process at this moment
            return;
        }
    }

    private static FileAttribute<?>[] ownerOnly(Path folder) throws IOException {
        return mode(folder, "rw-------");
    }

    private static FileAttribute<?>[] mode(Path folder, String mode) throws IOException {
        return Files.getFileStore(folder).supportsFileAttributeView(PosixFileAttributeView.class)
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
                : new FileAttribute<?>[0];
    }

    /** Writes a file that is no secret and must not be there yet: mode 0644 at most, whatever the umask. */
    static void create(Path file, byte[] content) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException(file + " is not a file");
        }
        Files.createFile(file, mode(folder, "rw-r--r--"));
        Files.write(file, content, StandardOpenOption.WRITE);
    }

    static String reason(IOException e) {
        return e.getClass().getSimpleName().replace("Exception", "")
                + (e.getMessage() == null ? "" : " (" + e.getMessage() + ")");
    }
}
