package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Calls {@code gatehouse certs} as a shell does, and programs that are not ours. */
final class CertsCalls {
    record Answer(int exitCode, String out, String err) {}

    private CertsCalls() {}

    static Answer certs(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = GatehouseCommand.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Stream.concat(Stream.of("certs"), Stream.of(arguments).map(String::valueOf))
                        .toArray(String[]::new));
        return new Answer(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** One that has to be done. */
    static String done(Object... arguments) {
        Answer answer = certs(arguments);
        assertThat(answer.exitCode()).as(answer.err()).isZero();
        return answer.out();
    }

    /** An authority as init makes it by default; its keys, which cost the most of the time, are made once for all tests. */
    static Path authority(Path folder) throws IOException {
        for (Kept kept : Template.FILES) {
            Path file = folder.resolve(kept.name());
            if (kept.content() == null) {
                Files.createDirectories(file);
            } else {
                Files.write(file, kept.content());
            }
            Files.setPosixFilePermissions(file, kept.mode());
        }
        return folder;
    }

    /** @param content null: a folder */
    private record Kept(String name, Set<PosixFilePermission> mode, byte @Nullable [] content) {}

    /** Made when it is first needed. */
    private static final class Template {
        static final List<Kept> FILES = make();

        private static List<Kept> make() {
            try {
                Path folder = Files.createTempDirectory("gatehouse-authority");
                done("init", "--generate-passphrase", "-d", folder);
                List<Kept> all = new ArrayList<>();
                try (Stream<Path> files = Files.walk(folder)) {
                    for (Path file : files.toList()) {
                        all.add(new Kept(
                                folder.relativize(file).toString(),
                                Files.getPosixFilePermissions(file),
                                Files.isDirectory(file) ? null : Files.readAllBytes(file)));
                    }
                }
                Collections.reverse(all); // what is in a folder before it
                for (Kept kept : all) {
                    Files.delete(folder.resolve(kept.name()));
                }
                Collections.reverse(all);
                return all;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** A key and a request for it, as a device with openssl makes them. */
    static Path request(Path csr, Path key, String subject, Object... more) throws IOException, InterruptedException {
        List<Object> line = new ArrayList<>(List.of("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt"));
        line.addAll(List.of("ec_paramgen_curve:P-256", "-nodes", "-subj", subject, "-keyout", key, "-out", csr));
        line.addAll(List.of(more));
        run(0, line.toArray());
        return csr;
    }

    /** A root that was there before, as openssl makes it. */
    static Path root(Path certificate, Path key, Object... more) throws IOException, InterruptedException {
        List<Object> line = new ArrayList<>(List.of("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"));
        line.addAll(List.of("ec_paramgen_curve:P-384", "-subj", "/O=Acme/CN=Old Root", "-days", "3650"));
        line.addAll(List.of("-keyout", key, "-out", certificate));
        line.addAll(List.of(more));
        run(0, line.toArray());
        return certificate;
    }

    /** What a program says, after it ended as expected. */
    static String run(int expected, Object... command) throws IOException, InterruptedException {
        List<String> line = Stream.of(command).map(String::valueOf).toList();
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(line + ": " + text).isEqualTo(expected);
        return text;
    }

    /** A process of its own. */
    static ProcessBuilder process(Object... arguments) {
        Stream<String> java = Stream.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                // as the launcher does: BoringSSL is native
                Runtime.version().feature() >= 24 ? "--enable-native-access=ALL-UNNAMED" : "-Xshare:auto",
                "-cp",
                Objects.requireNonNullElse(
                        System.getProperty("surefire.test.class.path"), System.getProperty("java.class.path")),
                "io.gatehouse.cli.Main",
                "certs");
        return new ProcessBuilder(
                Stream.concat(java, Stream.of(arguments).map(String::valueOf)).toList());
    }

    /** What a person sees on a terminal who types an answer; made by {@code script}. */
    static String onATerminal(String typed, Object... arguments) throws IOException, InterruptedException {
        String line = String.join(" ", process(arguments).command());
        ProcessBuilder builder = new ProcessBuilder("script", "-qec", line, "/dev/null").redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C.UTF-8");
        Process process = builder.start();
        try (var in = process.getOutputStream()) {
            in.write((typed + "\n").getBytes(StandardCharsets.UTF_8));
        }
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return text;
    }

    static boolean installed(String program) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(program, "--version")
                    .redirectErrorStream(true)
                    .start();
            process.getInputStream().readAllBytes();
            process.waitFor();
            return true;
        } catch (IOException absent) {
            return false;
        }
    }
}
