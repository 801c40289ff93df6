package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.pki.Pem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code certs batch} dies by SIGKILL at random moments, as a process of its own, and is started again with {@code --resume}:
 * whatever left it is in the journal, the journal only grows, no serial number is given twice, and in the end every device
 * has one key and the certificate of that key which is in force.
 *
 * <p>{@code bench/certs-kill.sh} does it a hundred times; {@code -Dgatehouse.seed=} repeats the moments. The journal is read
 * by code of its own here, not by the tool's.
 */
class CertsKillTest {
    private static final int KILLS = Integer.getInteger("gatehouse.certs.kills", 5);
    private static final int FLEET = KILLS < 20 ? 600 : 2000;
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    @TempDir
    private Path temp;

    private Path pki;
    private Random random;
    /** The lines of the journal as they were when it was last read. */
    private int linesBefore;

    private int within;
    private int torn;
    private int lost;
    private int revokedBefore;
    private int handedOut;

    @ParameterizedTest(name = "to {0}")
    @ValueSource(strings = {".tar", ".zip", "folders"})
    void batch_killedAtRandomMoments_losesNothingAndGivesNoSerialTwice(String output) throws Exception {
        boolean archive = !output.equals("folders");
        int kills = output.equals(".tar") ? KILLS - 2 * (KILLS / 3) : KILLS / 3;
        long seed = Long.getLong("gatehouse.seed", System.nanoTime());
        random = new Random(seed);
        pki = temp.resolve("pki");
        assertThat(command("init", "--generate-passphrase", "-d", pki.toString()))
                .isZero();
        int killed = 0;
        int fleets = 0;
        while (killed < kills) {
            Path table = table(++fleets);
            Path out = temp.resolve("fleet-" + fleets + (archive ? output : ""));
            boolean whole = false;
            while (!whole && killed < kills) {
                whole = batchThatMayBeKilled(table, out);
                killed += whole ? 0 : 1;
                handOutIsJournalled(out, archive);
            }
            if (!whole) {
                assertThat(command("batch", table.toString(), "-o", out.toString(), "-d", pki.toString(), "--resume"))
                        .isZero();
            }
            fleetIsWhole(out, archive, fleets);
        }
        int lines = Journal.read(pki).lines;
        System.out.println(killed + " kills, seed " + seed + ", to " + output + ": " + within
                + " of them with certificates in the making, " + torn + " torn lines set aside, " + fleets
                + " fleets of "
                + FLEET + " whole, " + lines + " journalled, " + handedOut
                + " handed out, " + lost
                + " never written and revoked; lost 0, serial numbers twice 0, devices twice 0");
    }

    private Path table(int fleet) throws IOException {
        StringBuilder rows = new StringBuilder("id\n");
        for (int i = 0; i < FLEET; i++) {
            rows.append("f").append(fleet).append("-device-").append(i).append('\n');
        }
        return Files.writeString(temp.resolve("fleet-" + fleet + ".csv"), rows);
    }

    /** Whether it came to its end before the kill. Every second kill waits until the journal grows. */
    private boolean batchThatMayBeKilled(Path table, Path out) throws Exception {
        long before = Files.size(pki.resolve("journal"));
        Process child = new ProcessBuilder(
                        JAVA.toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xshare:auto",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.gatehouse.cli.Main",
                        "certs",
                        "batch",
                        table.toString(),
                        "-o",
                        out.toString(),
                        "-d",
                        pki.toString(),
                        "--resume")
                .redirectErrorStream(true)
                .redirectOutput(temp.resolve("child.log").toFile())
                .start();
        if (random.nextInt(4) != 0) { // one in four anywhere between the start of the process and its work
            while (child.isAlive() && Files.size(pki.resolve("journal")) == before) {
                child.waitFor(2, TimeUnit.MILLISECONDS);
            }
        }
        if (!child.waitFor(random.nextInt(700_000), TimeUnit.MICROSECONDS)) {
            child.destroyForcibly().waitFor();
        }
        if (Files.size(pki.resolve("journal")) > before) {
            within++;
        }
        int code = child.exitValue();
        assertThat(code).as(Files.readString(temp.resolve("child.log"))).isIn(0, 128 + 9);
        return code == 0;
    }

    /** Whatever left the process is in the journal, which holds all it held before. */
    private void handOutIsJournalled(Path out, boolean archive) throws Exception {
        Journal journal = Journal.read(pki);
        assertThat(journal.lines).isGreaterThanOrEqualTo(linesBefore);
        linesBefore = journal.lines;
        Path part = archive && !Files.exists(out) ? out.resolveSibling(out.getFileName() + ".part") : out;
        if (!Files.exists(part)) {
            return;
        }
        for (Device device : archive ? unpacked(part) : folders(part)) {
            assertThat(journal.serials).containsEntry(serial(device.certificate), device.id);
        }
    }

    private void fleetIsWhole(Path out, boolean archive, int fleet) throws Exception {
        Journal journal = Journal.read(pki);
        assertThat(command("list", "-d", pki.toString())).isZero(); // the tool finds its journal whole as well
        List<Device> devices = archive ? unpacked(out) : folders(out);
        Set<String> ids = new HashSet<>();
        Map<String, String> manifest = new HashMap<>();
        for (String line : Files.readAllLines(
                archive ? out.resolveSibling(out.getFileName() + ".manifest.csv") : out.resolve("manifest.csv"))) {
            String[] cells = line.split(",", -1);
            assertThat(manifest.put(cells[0], cells[2])).as(line).isNull();
        }
        assertThat(manifest).hasSize(FLEET + 1).containsEntry("id", "serial");
        for (Device device : devices) {
            assertThat(ids.add(device.id)).as(device.id + " twice").isTrue();
            String serial = serial(device.certificate);
            assertThat(journal.last).containsEntry(device.id, serial);
            assertThat(manifest).containsEntry(device.id, serial);
            assertThat(device.key).as(device.id + " has no key").isNotNull();
        }
        // what a kill kept from being written has a key that nobody has, and is good for nothing
        Set<String> written =
                devices.stream().map(device -> serial(device.certificate)).collect(Collectors.toSet());
        journal.serials.forEach((serial, id) -> assertThat(!id.startsWith("f" + fleet + "-")
                        || written.contains(serial) != journal.revoked.contains(serial))
                .as(id + " " + serial)
                .isTrue());
        lost += journal.revoked.size() - revokedBefore;
        revokedBefore = journal.revoked.size();
        assertThat(ids).hasSize(FLEET).allMatch(id -> id.startsWith("f" + fleet + "-"));
        for (Device device : devices.subList(0, 50)) {
            keyIsOf(device);
        }
        try (Stream<Path> files = Files.list(pki)) {
            torn = (int) files.filter(file -> file.getFileName().toString().startsWith("journal.torn-"))
                    .count();
        }
        handedOut += devices.size();
    }

    private record Device(String id, X509Certificate certificate, byte[] key) {}

    private static List<Device> folders(Path out) throws Exception {
        List<Device> all = new ArrayList<>();
        try (Stream<Path> folders = Files.list(out)) {
            for (Path folder : folders.filter(Files::isDirectory).toList()) {
                String id = folder.getFileName().toString();
                if (!id.startsWith(".")) {
                    all.add(new Device(
                            id,
                            Pem.certificates(folder.resolve("cert.pem")).get(0),
                            Files.readAllBytes(folder.resolve("key.pem"))));
                }
            }
        }
        return all;
    }

    /** The whole devices of an archive, also of one that is cut short: headers of 512 bytes, then what they say. */
    private static List<Device> unpacked(Path archive) throws Exception {
        if (archive.toString().contains(".zip")) {
            return unzipped(archive);
        }
        byte[] bytes = Files.readAllBytes(archive);
        List<Device> all = new ArrayList<>();
        Map<String, byte[]> keys = new HashMap<>();
        int at = 0;
        while (at + 512 <= bytes.length && bytes[at] != 0) {
            String name = text(bytes, at, 100);
            int size = Integer.parseInt(text(bytes, at + 124, 12).trim(), 8);
            if (at + 512 + size > bytes.length) {
                break;
            }
            byte[] content = java.util.Arrays.copyOfRange(bytes, at + 512, at + 512 + size);
            take(name, content, keys, all);
            at += 512 + (size + 511) / 512 * 512;
        }
        return all;
    }

    private static void take(String name, byte[] content, Map<String, byte[]> keys, List<Device> all) throws Exception {
        String id = name.substring(0, name.indexOf('/'));
        if (name.endsWith("/key.pem")) {
            keys.put(id, content);
        } else if (name.endsWith("/cert.pem")) {
            X509Certificate certificate = (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(content));
            all.add(new Device(id, certificate, keys.get(id)));
        }
    }

    private static List<Device> unzipped(Path archive) throws Exception {
        List<Device> all = new ArrayList<>();
        Map<String, byte[]> keys = new HashMap<>();
        try (ZipInputStream in = new ZipInputStream(Files.newInputStream(archive))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                take(entry.getName(), in.readAllBytes(), keys, all);
            }
        } catch (EOFException | ZipException cut) {
            assertThat(archive.toString()).as("an archive that is cut short").endsWith(".part");
        }
        if (archive.toString().endsWith(".zip")) { // its directory says the same
            try (ZipFile whole = new ZipFile(archive.toFile())) {
                assertThat(whole.size()).isEqualTo(all.size() * 3);
            }
        }
        return all;
    }

    private static String text(byte[] bytes, int at, int most) {
        int end = at;
        while (end < at + most && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, at, end - at, StandardCharsets.US_ASCII);
    }

    private static String serial(X509Certificate certificate) {
        return certificate.getSerialNumber().toString(16);
    }

    private static void keyIsOf(Device device) throws Exception {
        byte[] der = Base64.getMimeDecoder()
                .decode(new String(device.key, StandardCharsets.US_ASCII).replaceAll("-----[A-Z ]+-----", ""));
        PrivateKey key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(key);
        signature.update(der);
        byte[] signed = signature.sign();
        signature.initVerify(device.certificate);
        signature.update(der);
        assertThat(signature.verify(signed)).as(device.id).isTrue();
    }

    private static int command(String... arguments) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
        return GatehouseCommand.run(
                out,
                out,
                Stream.concat(Stream.of("certs"), Stream.of(arguments)).toArray(String[]::new));
    }

    /** What the journal says, with its chain of hashes checked line by line. */
    private static final class Journal {
        private final Map<String, String> serials = new HashMap<>();
        private final Map<String, String> last = new HashMap<>();
        private final Set<String> revoked = new HashSet<>();
        private int lines;

        private static Journal read(Path pki) throws Exception {
            Journal journal = new Journal();
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            String text = Files.readString(pki.resolve("journal"));
            String before = "0".repeat(64);
            for (int at = 0, end = text.indexOf('\n'); end >= 0; at = end + 1, end = text.indexOf('\n', at)) {
                String line = text.substring(at, end);
                String[] fields = line.split("\t", -1);
                journal.lines++;
                assertThat(fields).hasSize(12);
                assertThat(fields[0]).isEqualTo(Integer.toString(journal.lines));
                assertThat(fields[10]).isEqualTo(before);
                before = HexFormat.of()
                        .formatHex(digest.digest(
                                line.substring(0, line.lastIndexOf('\t')).getBytes(StandardCharsets.UTF_8)));
                assertThat(fields[11]).isEqualTo(before);
                if (fields[3].equals("issue")) {
                    assertThat(journal.serials.put(fields[6], fields[5]))
                            .as("the serial number " + fields[6])
                            .isNull();
                    journal.last.put(fields[5], fields[6]);
                } else if (fields[3].equals("revoke")) {
                    journal.revoked.add(fields[6]);
                }
            }
            return journal;
        }
    }
}
