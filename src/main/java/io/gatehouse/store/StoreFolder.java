package io.gatehouse.store;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumSet;
import java.util.Set;

/** The folder of a store: ours alone, or not used. Stateless. */
final class StoreFolder {
    private static final Set<PosixFilePermission> FOLDER = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

    private StoreFolder() {}

    /** Makes the folder, or sees that nobody else can enter it and that we can write to it. */
    static void prepare(Path folder) throws UnusableStore {
        try {
            if (!Files.exists(folder)) {
                Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(FOLDER));
            }
            if (!Files.isDirectory(folder)) {
                throw new UnusableStore("\"" + folder + "\" is to hold the store, and is not a folder");
            }
            Set<PosixFilePermission> open = EnumSet.noneOf(PosixFilePermission.class);
            open.addAll(Files.getPosixFilePermissions(folder));
            open.removeAll(FOLDER);
            if (!open.isEmpty()) {
                throw new UnusableStore("others can enter the store's folder \"" + folder
                        + "\", which holds messages. Close it: chmod 700 " + folder);
            }
            UserPrincipal owner = Files.getOwner(folder);
            String me = System.getProperty("user.name", "");
            if (!Files.isWritable(folder)) {
                throw new UnusableStore("the store's folder \"" + folder + "\" cannot be written by user " + me
                        + ": it belongs to " + owner.getName() + ", or the disk is read-only");
            }
        } catch (IOException e) {
            throw new UnusableStore("the store's folder \"" + folder + "\" cannot be used: " + e, e);
        } catch (UnsupportedOperationException e) {
            throw new UnusableStore("the store's folder \"" + folder + "\" is on a file system without modes", e);
        }
    }

    /**
     * Gives every file a mode that only its owner reads; the folder keeps everybody out already. The engine is at work: a file
     * that it deletes meanwhile needs no mode.
     */
    static void closeFiles(Path folder) throws UnusableStore {
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) throws IOException {
                    return path.equals(folder) ? FileVisitResult.CONTINUE : close(path, FOLDER);
                }

                @Override
                public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                    return close(path, FILE);
                }

                @Override
                public FileVisitResult visitFileFailed(Path path, IOException failure) throws IOException {
                    if (failure instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw failure;
                }
            });
        } catch (IOException e) {
            throw new UnusableStore("the files of the store in \"" + folder + "\" cannot be closed to others: " + e, e);
        }
    }

    private static FileVisitResult close(Path path, Set<PosixFilePermission> wanted) throws IOException {
        try {
            if (!Files.getPosixFilePermissions(path).equals(wanted)) {
                Files.setPosixFilePermissions(path, wanted);
            }
        } catch (NoSuchFileException gone) {
            return FileVisitResult.CONTINUE; // deleted between the look and the change
        }
        return FileVisitResult.CONTINUE;
    }
}
