package io.gatehouse.pki;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A fleet in one archive, tar or zip; {@code .part} until it is whole. Confined to the writing thread.
 *
 * <p>Of an archive that a crash cut, the part after the last whole device is cut off before more is written. One that is whole
 * already is only read: a run that was killed between its last file and its end is resumed like any other.
 */
final class FleetArchive extends FleetOutput {
    private static final int FILES_A_DEVICE = 3;

    private final Path out;
    private final Path part;
    private final Form form;
    /** Null where the archive is whole already. */
    private final @Nullable FileChannel channel;

    private final OutputStream stream;

    FleetArchive(Path out, boolean resume) throws IOException, PkiProblem {
        this.out = out;
        this.part = part(out);
        this.form = out.toString().endsWith(".zip") ? new ZipForm() : new TarForm();
        boolean whole = Files.exists(out);
        if ((whole || Files.exists(part)) && !resume) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT,
                    out + ": there is an archive already"
                            + (whole ? "; name another" : ", cut short. Continue with --resume"));
        }
        if (whole) {
            scan(out);
            channel = null;
            stream = OutputStream.nullOutputStream();
            return;
        }
        long end = Files.exists(part) ? scan(part) : 0;
        channel = FileChannel.open(
                part, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), AtomicFiles.attribute("rw-------"));
        syncPlaceOf(out);
        channel.truncate(end);
        channel.position(end);
        stream = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
    }

    static boolean isOne(Path out) {
        return out.toString().endsWith(".tar") || out.toString().endsWith(".zip");
    }

    static Path part(Path out) {
        return out.resolveSibling(out.getFileName() + ".part");
    }

    /** @param forms how many files each has besides */
    static void requireRoom(Path out, int devices, int forms) throws PkiProblem {
        int most = Zip.MAX_FILES / (FILES_A_DEVICE + forms);
        if (out.toString().endsWith(".zip") && devices > most) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT,
                    out + ": a zip archive holds " + most + " devices, and the table has " + devices
                            + "; a .tar holds them. Nothing was issued");
        }
    }

    /** Where the last whole device ends: its certificate comes last. */
    private long scan(Path file) throws IOException {
        long read = 0;
        long end = 0;
        List<Member> device = new ArrayList<>();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            for (Optional<Member> one = form.read(in); one.isPresent(); one = form.read(in)) {
                Member member = one.get();
                device.add(member);
                read += member.bytes();
                if (member.name().endsWith("/cert.pem")) {
                    end = read;
                    Optional<byte[]> key = device.stream()
                            .filter(each -> each.name().endsWith("/key.pem"))
                            .map(Member::content)
                            .findFirst();
                    String id = member.name().substring(0, member.name().indexOf('/'));
                    Set<String> files = device.stream()
                            .map(each -> each.name().substring(each.name().indexOf('/') + 1))
                            .collect(Collectors.toSet());
                    note(present, id, key, member.content(), files);
                    form.keep(device, startOf(member));
                    device.clear();
                }
            }
        }
        return end;
    }

    private static Instant startOf(Member certificate) {
        try {
            X509Certificate leaf =
                    Pem.certificates(certificate.name(), certificate.content()).get(0);
            return leaf.getNotBefore().toInstant();
        } catch (PkiProblem e) {
            return Instant.EPOCH; // the device is made again; its first copy stays what it is
        }
    }

    @Override
    boolean isWhole() {
        return channel == null;
    }

    @Override
    void write(List<Device> group) throws IOException {
        for (Device device : group) {
            write(device);
        }
        stream.flush();
        if (channel != null) {
            channel.force(false); // the group is on the disk when this returns
        }
    }

    private void write(Device device) throws IOException {
        Issued issued = device.issued();
        Instant at = issued.certificate().getNotBefore().toInstant();
        if (issued.key().isPresent()) {
            form.write(
                    stream, issued.id() + "/key.pem", 0600, Pem.of(issued.key().get()), at);
        }
        for (HolderFile one : device.files()) {
            form.write(stream, issued.id() + "/" + one.name(), one.secret() ? 0600 : 0644, one.content(), at);
        }
        form.write(stream, issued.id() + "/ca.pem", 0644, issued.rootPem(), at);
        form.write(stream, issued.id() + "/cert.pem", 0644, issued.chainPem(), at);
    }

    @Override
    void finish() throws IOException {
        if (channel == null) {
            return;
        }
        form.end(stream);
        stream.flush();
        channel.force(true);
        Files.move(part, out, StandardCopyOption.ATOMIC_MOVE);
        syncPlaceOf(out);
    }

    @Override
    public void close() throws IOException {
        stream.close();
    }

    /** A file that was read whole; {@code bytes} with its header and padding. */
    private record Member(String name, byte[] content, long bytes) {}

    /** What tar and zip do differently. */
    private interface Form {
        void write(OutputStream out, String name, int mode, byte[] content, Instant at) throws IOException;

        void end(OutputStream out) throws IOException;

        Optional<Member> read(InputStream in) throws IOException;

        /** A device that an earlier run wrote stays in the archive. */
        void keep(List<Member> device, Instant at);
    }

    private static final class TarForm implements Form {
        @Override
        public void write(OutputStream out, String name, int mode, byte[] content, Instant at) throws IOException {
            Tar.write(out, name, mode, content, at);
        }

        @Override
        public void end(OutputStream out) throws IOException {
            Tar.end(out);
        }

        @Override
        public Optional<Member> read(InputStream in) throws IOException {
            return Tar.read(in).map(one -> new Member(one.name(), one.content(), one.bytesOnTape()));
        }

        @Override
        public void keep(List<Member> device, Instant at) {}
    }

    /** All other files of a device hold its key, or a password. */
    private static boolean isPublic(String name) {
        return name.endsWith("/cert.pem") || name.endsWith("/ca.pem") || name.endsWith(".der");
    }

    private static final class ZipForm implements Form {
        private final Zip zip = new Zip();

        @Override
        public void write(OutputStream out, String name, int mode, byte[] content, Instant at) throws IOException {
            zip.write(out, name, mode, content, at);
        }

        @Override
        public void end(OutputStream out) throws IOException {
            zip.end(out);
        }

        @Override
        public Optional<Member> read(InputStream in) throws IOException {
            return Zip.read(in).map(one -> new Member(one.name(), one.content(), one.bytes()));
        }

        @Override
        public void keep(List<Member> device, Instant at) {
            device.forEach(one -> zip.note(one.name(), isPublic(one.name()) ? 0644 : 0600, one.content(), at));
        }
    }
}
