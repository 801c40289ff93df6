package io.gatehouse.policy.language;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.config.Problem;
import io.gatehouse.config.Yaml;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** I24: whatever bytes a file holds, what comes of it is problems, each inside the file; never anything else. */
class PolicyFuzzTest {
    private static final int ROUNDS = Integer.getInteger("fuzz.rounds", 1_500);
    private static final List<byte[]> PIECES = Stream.of(
                    "\t",
                    "\uFEFF",
                    "\u2028",
                    "\u0085",
                    "\r\n",
                    "---\n",
                    "...\n",
                    "!!str ",
                    "&a ",
                    "*a",
                    "<<: ",
                    "? ",
                    ": ",
                    "- ",
                    "#",
                    "\"",
                    "'",
                    "|\n",
                    ">\n",
                    "{",
                    "}",
                    "[",
                    "]",
                    "%YAML 1.2\n",
                    "\\0",
                    "\\x07",
                    "<v>",
                    "<",
                    ">",
                    "+",
                    "$share/",
                    "${x}",
                    "%c",
                    "é",
                    "😀",
                    "~",
                    "null",
                    "yes",
                    "0x10",
                    "1e9",
                    "\n  ",
                    "version: 2\n",
                    "roles:",
                    "tests:",
                    "vars:",
                    "when:",
                    "pattern: ",
                    "chars: ",
                    "time: ",
                    "at: ",
                    "network: ",
                    "limits: ")
            .map(text -> text.getBytes(StandardCharsets.UTF_8))
            .toList();

    private final long seed = Long.getLong("seed", new Random().nextLong());
    private final Random random = new Random(seed);

    @TempDir
    private Path folder;

    private Path file = Path.of("");
    private final List<byte[]> seeds = new ArrayList<>();

    @BeforeEach
    void readyMade() throws IOException {
        file = Files.writeString(folder.resolve("10-main.yaml"), "");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        try (Stream<Path> files = Files.walk(Path.of("policies"))) {
            for (Path policy :
                    files.filter(path -> path.toString().endsWith(".yaml")).toList()) {
                seeds.add(Files.readAllBytes(policy));
            }
        }
        assertThat(seeds).hasSizeGreaterThan(3);
    }

    @Test
    void i24_anyBytes_becomeProblemsInsideTheFile() throws IOException {
        int loaded = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = round % 10 == 0 ? noise() : mutated(seeds.get(random.nextInt(seeds.size())));
            Files.write(file, bytes);
            PolicyLoader.Loaded result = PolicyLoader.load(
                    folder, round % 2 == 0 ? Optional.empty() : Optional.of(List.of("apps")), true, Clock.systemUTC());

            String[] lines = Yaml.LINE_BREAK.split(text(bytes), -1);
            for (Problem problem : result.problems()) {
                assertThat(problem.place().file()).isEqualTo(file.toString());
                assertThat(problem.place().line())
                        .as("seed %d, round %d: %s", seed, round, problem)
                        .isBetween(0, lines.length);
                if (problem.place().line() > 0) {
                    String line = lines[problem.place().line() - 1];
                    assertThat(problem.place().column())
                            .as("seed %d, round %d: %s", seed, round, problem)
                            .isBetween(1, line.codePointCount(0, line.length()) + 1);
                }
                assertThat(problem.code()).as("%s", problem).matches("P1[0-9]{2}");
                assertThat(problem.message())
                        .as("seed %d, round %d", seed, round)
                        .doesNotContainPattern("\\p{Cntrl}");
                assertThat(PolicyLoader.excerpt(problem, result.texts()).length())
                        .isLessThan(400);
            }
            assertThat(result.set().isPresent())
                    .as("seed %d, round %d: %s", seed, round, result.problems())
                    .isEqualTo(result.problems().stream().noneMatch(Problem::isError));
            loaded += result.set().isPresent() ? 1 : 0;
        }
        assertThat(loaded).as("some of them are still policies, seed " + seed).isPositive();
    }

    private byte[] noise() {
        byte[] bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        return bytes;
    }

    private byte[] mutated(byte[] from) {
        byte[] bytes = from;
        for (int edit = random.nextInt(4); edit >= 0; edit--) {
            int at = random.nextInt(bytes.length + 1);
            int end = Math.min(bytes.length, at + (random.nextInt(4) == 0 ? random.nextInt(40) : random.nextInt(2)));
            byte[] piece = switch (random.nextInt(4)) {
                case 0 -> new byte[] {(byte) random.nextInt(256)};
                case 1 -> new byte[0];
                case 2 -> {
                    byte[] other = seeds.get(random.nextInt(seeds.size()));
                    int start = random.nextInt(other.length);
                    yield Arrays.copyOfRange(other, start, Math.min(other.length, start + random.nextInt(60)));
                }
                default -> PIECES.get(random.nextInt(PIECES.size()));
            };
            byte[] next = Arrays.copyOf(bytes, at + piece.length + bytes.length - end);
            System.arraycopy(piece, 0, next, at, piece.length);
            System.arraycopy(bytes, end, next, at + piece.length, bytes.length - end);
            bytes = next;
        }
        return bytes;
    }

    private static String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPLACE)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (java.nio.charset.CharacterCodingException e) {
            throw new AssertionError(e);
        }
    }
}
