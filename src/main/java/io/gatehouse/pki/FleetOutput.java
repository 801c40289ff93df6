package io.gatehouse.pki;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where a fleet's keys and certificates go: one folder a device, or one archive. Confined to the writing thread.
 *
 * <p>A device is there whole or not at all: its folder is renamed into place when it is on the disk, or it ends in an archive
 * with its certificate.
 */
abstract class FleetOutput implements AutoCloseable {
    /** A name that ends as those of files do; 2026.11 is a folder's. */
    private static final Pattern ENDING = Pattern.compile(".+\\.([A-Za-z][A-Za-z0-9]{0,7}|7z)");

    /** What an earlier run wrote whole, by id. */
    final Map<String, Kept> present = new HashMap<>();

    /**
     * A device of an earlier run.
     *
     * @param serial of its certificate, in hex
     * @param hasKey whether its key was made here, and lies beside it
     * @param files the names of all its files
     */
    record Kept(String serial, boolean hasKey, Set<String> files) {}

    /** A device as it is written: with its forms besides PEM. */
    record Device(Issued issued, List<HolderFile> files) {}

    static FleetOutput at(Path out, boolean resume) throws IOException, PkiProblem {
        return FleetArchive.isOne(out) ? new FleetArchive(out, resume) : new Folders(out, resume);
    }

    /** Refuses what was meant as another kind of archive, or as a stream, and would become a folder of that name. */
    static void requireKind(Path out) throws PkiProblem {
        String name = String.valueOf(out.getFileName());
        boolean odd = name.equals("-") || ENDING.matcher(name).matches() && !FleetArchive.isOne(out);
        if (odd && !Files.isDirectory(out)) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT,
                    out
                            + ": not a kind of output that there is. Name an archive, FILE.tar or FILE.zip, or a folder; one"
                            + " whose name ends like this has to be there already. Nothing was issued");
        }
    }

    static Path manifest(Path out) {
        return FleetArchive.isOne(out)
                ? out.resolveSibling(out.getFileName() + ".manifest.csv")
                : out.resolve("manifest.csv");
    }

    /** Whether there is something to go on from. */
    static boolean isThere(Path out) {
        return Files.exists(out) || FleetArchive.isOne(out) && Files.exists(FleetArchive.part(out));
    }

    /** So that an output is on the disk before the journal has the first line of it. */
    static void syncPlaceOf(Path out) throws IOException {
        AtomicFiles.syncFolder(Objects.requireNonNull(out.toAbsolutePath().getParent(), "an output is in a folder"));
    }

    /** Whether it has this certificate, whole. */
    boolean holds(Inventory.Item item) {
        Kept kept = present.get(item.id());
        return kept != null && kept.serial().equals(item.serial().toString(16));
    }

    /** Whether an earlier run wrote all there is to be, and nothing can be added. */
    boolean isWhole() {
        return false;
    }

    /** Writes what was journalled with one sync. */
    abstract void write(List<Device> group) throws IOException;

    /** After the last device. */
    abstract void finish() throws IOException;

    @Override
    public abstract void close() throws IOException;

    /**
     * Notes a device; what a crash left without its content, a certificate or a key, is not whole and is made again.
     *
     * @param key empty if there is none: the device made it itself
     */
    static void note(
            Map<String, Kept> present, String id, Optional<byte[]> key, byte[] certificate, Set<String> files) {
        try {
            X509Certificate leaf = Pem.certificates(id, certificate).get(0);
            if (key.isPresent()
                    && !KeyKind.belong(
                            Export.key(id, new String(key.get(), StandardCharsets.US_ASCII)), leaf.getPublicKey())) {
                present.remove(id);
                return;
            }
            present.put(id, new Kept(leaf.getSerialNumber().toString(16), key.isPresent(), files));
        } catch (PkiProblem e) {
            present.remove(id);
        }
    }

    /** One folder a device. */
    private static final class Folders extends FleetOutput {
        private final Path out;

        private Folders(Path out, boolean resume) throws IOException, PkiProblem {
            this.out = out;
            if (Files.isDirectory(out) && !resume && !empty(out)) {
                throw new PkiProblem(
                        PkiProblem.Kind.INPUT,
                        out + ": not empty. Continue an earlier run with --resume, or name another place");
            }
            AtomicFiles.makePrivateFolder(out);
            syncPlaceOf(out);
            try (Stream<Path> devices = Files.list(out)) {
                for (Path device : devices.toList()) {
                    Path certificate = device.resolve("cert.pem");
                    Path key = device.resolve("key.pem");
                    if (Files.isRegularFile(certificate)) {
                        note(
                                present,
                                String.valueOf(device.getFileName()),
                                Files.exists(key) ? Optional.of(Files.readAllBytes(key)) : Optional.empty(),
                                Files.readAllBytes(certificate),
                                names(device));
                    }
                }
            }
        }

        private static Set<String> names(Path folder) throws IOException {
            try (Stream<Path> files = Files.list(folder)) {
                return files.map(file -> String.valueOf(file.getFileName())).collect(Collectors.toSet());
            }
        }

        private static boolean empty(Path folder) throws IOException {
            try (Stream<Path> files = Files.list(folder)) {
                return files.findAny().isEmpty();
            }
        }

        /** All files of a group are written before the first is synced: one commit of the file system serves many. */
        @Override
        void write(List<Device> group) throws IOException {
            for (Device device : group) {
                Issued issued = device.issued();
                Path fresh = fresh(issued);
                remove(fresh);
                Files.createDirectory(fresh, AtomicFiles.attribute("rwx------"));
                if (issued.key().isPresent()) {
                    file(fresh.resolve("key.pem"), Pem.of(issued.key().get()), "rw-------");
                }
                file(fresh.resolve("cert.pem"), issued.chainPem(), "rw-r--r--");
                file(fresh.resolve("ca.pem"), issued.rootPem(), "rw-r--r--");
                for (HolderFile one : device.files()) {
                    file(fresh.resolve(one.name()), one.content(), one.secret() ? "rw-------" : "rw-r--r--");
                }
            }
            for (Device device : group) {
                sync(fresh(device.issued()));
            }
            for (Device device : group) {
                Path place = out.resolve(device.issued().id());
                remove(place);
                Files.move(fresh(device.issued()), place, StandardCopyOption.ATOMIC_MOVE);
            }
            AtomicFiles.syncFolder(out);
        }

        /** A leading dot cannot be the beginning of an id. */
        private Path fresh(Issued issued) {
            return out.resolve("." + issued.id());
        }

        private static void file(Path file, byte[] bytes, String mode) throws IOException {
            try (var channel = Files.newByteChannel(
                    file,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    AtomicFiles.attribute(mode))) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            }
        }

        private static void sync(Path folder) throws IOException {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                        channel.force(true);
                    }
                }
            }
            AtomicFiles.syncFolder(folder);
        }

        private static void remove(Path folder) throws IOException {
            if (Files.isDirectory(folder)) {
                try (Stream<Path> files = Files.list(folder)) {
                    for (Path file : files.toList()) {
                        Files.delete(file);
                    }
                }
                Files.delete(folder);
            }
        }

        @Override
        void finish() throws IOException {
            AtomicFiles.syncFolder(out);
        }

        @Override
        public void close() {}
    }

    static byte[] line(String... cells) {
        return (String.join(",", cells) + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
