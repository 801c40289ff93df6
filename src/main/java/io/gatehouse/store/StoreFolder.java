package io.gatehouse.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

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
            Set<PosixFilePermission> open = EnumSet.copyOf(Files.getPosixFilePermissions(folder));
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

    /** Gives every file a mode that only its owner reads; the folder keeps everybody out already. */
    static void closeFiles(Path folder) throws UnusableStore {
        try (Stream<Path> all = Files.walk(folder)) {
            List<Path> inside = all.filter(path -> !path.equals(folder)).toList();
            for (Path path : inside) {
                Set<PosixFilePermission> wanted = Files.isDirectory(path) ? FOLDER : FILE;
                if (!Objects.equals(Files.getPosixFilePermissions(path), wanted)) {
                    Files.setPosixFilePermissions(path, wanted);
                }
            }
        } catch (IOException e) {
            throw new UnusableStore("the files of the store in \"" + folder + "\" cannot be closed to others: " + e, e);
        }
    }
}
