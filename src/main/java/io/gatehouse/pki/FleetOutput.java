package io.gatehouse.pki;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where a fleet's keys and certificates go: one folder a device, or one archive. Confined to the writing thread.
 *
 * <p>A device is there whole or not at all: its folder is renamed into place; of an archive that a crash cut, the part
 * after the last whole device is cut off before more is written.
 */
abstract class FleetOutput implements AutoCloseable {
    /** Serial numbers, in hex, of what an earlier run wrote whole, by id. */
    final Map<String, String> present = new HashMap<>();

    static FleetOutput at(Path out, boolean resume) throws IOException, PkiProblem {
        return out.toString().endsWith(".tar") ? new Archive(out, resume) : new Folders(out, resume);
    }

    static Path manifest(Path out) {
        return out.toString().endsWith(".tar")
                ? out.resolveSibling(out.getFileName() + ".manifest.csv")
                : out.resolve("manifest.csv");
    }

    abstract void write(Issued issued) throws IOException;

    /** After the last device. */
    abstract void finish() throws IOException;

    @Override
    public abstract void close() throws IOException;

    private static void note(Map<String, String> present, String id, byte[] certificate) {
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

    /** One archive; {@code .part} until it is whole. */
    private static final class Archive extends FleetOutput {
        private final Path out;
        private final Path part;
        private final FileChannel channel;
        private final OutputStream stream;

        private Archive(Path out, boolean resume) throws IOException, PkiProblem {
            this.out = out;
            this.part = out.resolveSibling(out.getFileName() + ".part");
            if (Files.exists(out) || (Files.exists(part) && !resume)) {
                throw new PkiProblem(
                        PkiProblem.Kind.INPUT,
                        out + ": there is an archive already"
                                + (Files.exists(out) ? "; name another" : ", cut short. Continue with --resume"));
            }
            long whole = Files.exists(part) ? scan() : 0;
            channel = FileChannel.open(
                    part,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    AtomicFiles.attribute("rw-------"));
            channel.truncate(whole);
            channel.position(whole);
            stream = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
        }

        /** Where the last whole device ends: its certificate comes last. */
        private long scan() throws IOException {
            long read = 0;
            long whole = 0;
            try (InputStream in = new BufferedInputStream(Files.newInputStream(part), 1 << 16)) {
                for (Optional<Tar.Member> one = Tar.read(in); one.isPresent(); one = Tar.read(in)) {
                    Tar.Member member = one.get();
                    read += member.bytesOnTape();
                    if (member.name().endsWith("/cert.pem")) {
                        whole = read;
                        note(present, member.name().substring(0, member.name().indexOf('/')), member.content());
                    }
                }
            }
            return whole;
        }

        @Override
        void write(Issued issued) throws IOException {
            Instant at = issued.certificate().getNotBefore().toInstant();
            if (issued.key().isPresent()) {
                Tar.write(
                        stream,
                        issued.id() + "/key.pem",
                        0600,
                        Pem.of(issued.key().get()),
                        at);
            }
            Tar.write(stream, issued.id() + "/ca.pem", 0644, issued.rootPem(), at);
            Tar.write(stream, issued.id() + "/cert.pem", 0644, issued.chainPem(), at);
        }

        @Override
        void finish() throws IOException {
            Tar.end(stream);
            stream.flush();
            channel.force(true);
            Files.move(part, out, StandardCopyOption.ATOMIC_MOVE);
        }

        @Override
        public void close() throws IOException {
            stream.close();
        }
    }

    static byte[] line(String... cells) {
        return (String.join(",", cells) + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
