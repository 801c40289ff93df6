package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.pki.Pem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The recipe for an ESP32. What needs no chip, the key, the request and the answer, is compiled and run here with mbedTLS and
 * a live broker. The sketch around it, with Wi-Fi and flash, is only looked at by a compiler, against declarations of
 * Arduino's core that are ours: no chip and none of its libraries is here.
 */
class Esp32RecipeTest {
    private static final Path SOURCES = Path.of("src/test/resources/recipes");
    private static final Path RECIPE = Path.of("certs-tools/recipes/esp32_enrol");

    @TempDir
    private static Path temp;

    private static Path core;

    private record Answer(int exitCode, String out) {}

    private static Answer run(String input, Object... line) throws Exception {
        Process process = new ProcessBuilder(
                        Stream.of(line).map(String::valueOf).toList())
                .redirectErrorStream(true)
                .start();
        try (var out = process.getOutputStream()) {
            out.write(input.getBytes(StandardCharsets.US_ASCII));
        }
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Answer(process.waitFor(), text);
    }

    @BeforeAll
    static void compile() throws Exception {
        boolean can =
                Files.exists(Path.of("/usr/include/mbedtls/x509_crt.h")) && Files.isExecutable(Path.of("/usr/bin/g++"));
        assertThat(can || !Boolean.getBoolean("gatehouse.ci"))
                .as("needs g++ and libmbedtls-dev, and -Dgatehouse.ci=true forbids to skip")
                .isTrue();
        Assumptions.assumeTrue(can, "needs g++ and libmbedtls-dev");
        core = temp.resolve("enrol_core");
        List<Object> line = new ArrayList<>(List.of("g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-I", RECIPE));
        line.addAll(List.of("-fsanitize=address,undefined", "-fno-sanitize-recover=all"));
        line.addAll(List.of("-o", core, SOURCES.resolve("enrol_core.cpp"), "-lmbedx509", "-lmbedcrypto"));
        Answer compiled = run("", line.toArray());
        assertThat(compiled.exitCode()).as(compiled.out()).isZero();
    }

    private static String done(String input, Object... words) throws Exception {
        Answer answer =
                run(input, Stream.concat(Stream.of(core), Stream.of(words)).toArray());
        assertThat(answer.exitCode()).as(answer.out()).isZero();
        return answer.out();
    }

    @Test
    void core_asksALiveBroker_andReadsItsAnswer() throws Exception {
        try (EstHouse house = new EstHouse(temp.resolve("house"), "  embedded: true\n")) {
            EstClient client = new EstClient(house.tls(null), house.estPort());
            Path key = temp.resolve("key.pem");
            byte[] csr = Base64.getMimeDecoder().decode(done("", "new", "pump-7", key));

            EstClient.Answer answer = client.enrol("pump-7", house.token("pump-7"), csr);

            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
            X509Certificate expected = answer.certificate();
            String leaf = done(answer.body(), "certificate", "0");
            String issuer = done(client.get("cacerts").body(), "certificate", "1");
            Path chain = Files.writeString(temp.resolve("cert.pem"), leaf + issuer);
            assertThat(Pem.certificates(chain))
                    .containsExactly(
                            expected,
                            Pem.certificates(house.pki.resolve("trust/device-ca.pem"))
                                    .get(0));
            Path root = house.pki.resolve("trust/root.pem");
            done("", "verify", key, chain, root);
            done("", "new", "pump-8", temp.resolve("other.pem"));
            assertThat(run("", core, "verify", temp.resolve("other.pem"), chain, root)
                            .exitCode())
                    .as("another key")
                    .isEqualTo(1);
            assertThat(run("", core, "verify", key, chain, house.folder.resolve("tls/cert.pem"))
                            .exitCode())
                    .as("another root")
                    .isEqualTo(1);
            assertThat(run(answer.body(), core, "certificate", "1").exitCode())
                    .as("there is one")
                    .isEqualTo(1);

            long end = expected.getNotAfter().toInstant().getEpochSecond();
            long life = Duration.between(
                            expected.getNotBefore().toInstant(),
                            expected.getNotAfter().toInstant())
                    .toSeconds();
            assertThat(done("", "due", chain, end - life / 3)).isEqualTo("due\n");
            assertThat(done("", "due", chain, end - life / 3 - life / 10 - 1)).isEqualTo("not yet\n");

            // cut short or changed anywhere: an error or other bytes, and no byte read that is not its own
            int tries = 2 * Base64.getMimeDecoder().decode(answer.body()).length;
            assertThat(Integer.parseInt(done(answer.body(), "damaged").trim())).isBetween(tries / 2, tries);
        }
    }

    @Test
    void sketch_isAProgram_asFarAsDeclarationsTell() throws Exception {
        Answer answer = run(
                "",
                "g++",
                "-std=c++17",
                "-fsyntax-only",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-x",
                "c++",
                "-I",
                SOURCES.resolve("arduino"),
                "-I",
                RECIPE,
                RECIPE.resolve("esp32_enrol.ino"));
        assertThat(answer.exitCode()).as(answer.out()).isZero();
    }
}
