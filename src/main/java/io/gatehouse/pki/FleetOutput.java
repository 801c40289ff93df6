package io.gatehouse.pki;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where a fleet's keys and certificates go: one folder a device, or one archive. Confined to the writing thread.
 *
 * <p>A device is there whole or not at all: its folder is renamed into place, or it ends in an archive with its certificate.
 */
abstract class FleetOutput implements AutoCloseable {
    /** Serial numbers, in hex, of what an earlier run wrote whole, by id. */
    final Map<String, String> present = new HashMap<>();

    static FleetOutput at(Path out, boolean resume) throws IOException, PkiProblem {
        return FleetArchive.isOne(out) ? new FleetArchive(out, resume) : new Folders(out, resume);
    }

    static Path manifest(Path out) {
        return FleetArchive.isOne(out)
                ? out.resolveSibling(out.getFileName() + ".manifest.csv")
                : out.resolve("manifest.csv");
    }

    /** Whether an earlier run wrote all there is to be, and nothing can be added. */
    boolean isWhole() {
        return false;
    }

    abstract void write(Issued issued) throws IOException;

    /** After the last device. */
    abstract void finish() throws IOException;

    @Override
    public abstract void close() throws IOException;

    static void note(Map<String, String> present, String id, byte[] certificate) {
        try {
            present.put(
                    id,
                    Pem.certificates(id, certificate).get(0).getSerialNumber().toString(16));
        } catch (PkiProblem e) {
            present.remove(id); // a file a crash left without its content: not whole, so it is made again
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
            try (Stream<Path> devices = Files.list(out)) {
                for (Path device : devices.toList()) {
                    Path certificate = device.resolve("cert.pem");
                    if (Files.isRegularFile(certificate)) {
                        note(present, String.valueOf(device.getFileName()), Files.readAllBytes(certificate));
                    }
                }
            }
        }

        private static boolean empty(Path folder) throws IOException {
            try (Stream<Path> files = Files.list(folder)) {
                return files.findAny().isEmpty();
            }
        }

        @Override
        void write(Issued issued) throws IOException {
            // a leading dot cannot be the beginning of an id
            Path fresh = out.resolve("." + issued.id());
            Path place = out.resolve(issued.id());
            remove(fresh);
            Files.createDirectory(fresh, AtomicFiles.attribute("rwx------"));
            if (issued.key().isPresent()) {
                file(fresh.resolve("key.pem"), Pem.of(issued.key().get()), "rw-------");
            }
            file(fresh.resolve("cert.pem"), issued.chainPem(), "rw-r--r--");
            file(fresh.resolve("ca.pem"), issued.rootPem(), "rw-r--r--");
            remove(place);
            Files.move(fresh, place, StandardCopyOption.ATOMIC_MOVE);
        }

        private static void file(Path file, byte[] bytes, String mode) throws IOException {
            try (var channel = Files.newByteChannel(
                    file,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    AtomicFiles.attribute(mode))) {
                channel.write(java.nio.ByteBuffer.wrap(bytes));
            }
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
