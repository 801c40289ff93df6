package io.gatehouse.interop;

import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** Mosquitto's programs as this machine has them on its path. */
final class LocalClients implements MosquittoClients {
    private final Path programs;
    private final Path folder;

    private LocalClients(Path programs, Path folder) {
        this.programs = programs;
        this.folder = folder;
    }

    /** Empty where this machine has not all of the programs. */
    static Optional<MosquittoClients> find(Path folder) {
        return Stream.of(Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator))
                .map(Path::of)
                .filter(place -> Stream.of("mosquitto_pub", "mosquitto_sub", "mosquitto_rr")
                        .allMatch(program -> Files.isExecutable(place.resolve(program))))
                .findFirst()
                .map(place -> new LocalClients(place, folder));
    }

    @Override
    public String host() {
        return "localhost";
    }

    @Override
    public String description() {
        return "this machine's " + programs.resolve("mosquitto_*");
    }

    @Override
    public Running start(String program, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(programs.resolve(program).toString());
        command.addAll(arguments);
        try {
            Path out = Files.createTempFile(folder, program, ".out");
            Path err = Files.createTempFile(folder, program, ".err");
            Process process = new ProcessBuilder(command)
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            return new LocalProgram(process, out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        // every program is closed by who started it
    }

    private static final class LocalProgram extends Running {
        private final Process process;
        private final Path out;
        private final Path err;

        LocalProgram(Process process, Path out, Path err) {
            this.process = process;
            this.out = out;
            this.err = err;
        }

        @Override
        String out() {
            return read(out);
        }

        @Override
        String err() {
            return read(err);
        }

        @Override
        OptionalInt exit() {
            return process.isAlive() ? OptionalInt.empty() : OptionalInt.of(process.exitValue());
        }

        @Override
        void terminate() {
            process.destroy();
        }

        @Override
        void kill() {
            process.destroyForcibly();
            await("the killed program's end").until(() -> exit().isPresent());
        }

        private static String read(Path file) {
            try {
                return Files.readString(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
