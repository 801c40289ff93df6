package io.gatehouse.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * MQTT.js in Node.js and in a page of headless Chromium. What runs there, and what it checks, is in {@code src/test/js};
 * {@code ./test} installs what it needs. Where it is missing the tests are skipped and say so loudly; with
 * {@code -Dgatehouse.ci=true} they fail.
 */
class JavaScriptClientsTest {
    private static final Path SCRIPTS = Path.of("src/test/js");
    private static MatrixHouse house;
    private static Path folder;

    @BeforeAll
    static void open(@TempDir Path base) {
        require(program("node").isPresent(), "no node on the path", "apt-get install nodejs npm");
        require(
                Files.isDirectory(SCRIPTS.resolve("node_modules/mqtt")),
                "MQTT.js is not installed in " + SCRIPTS,
                "(cd " + SCRIPTS + " && npm ci), or run ./test");
        folder = base;
        house = new MatrixHouse(base);
    }

    @AfterAll
    static void shut() {
        if (house != null) {
            house.close();
        }
    }

    @Test
    void mqttJs_inNode_passesTheMatrix() throws IOException, InterruptedException {
        String said = run("clients.js", Map.of());

        // 3 versions over 2 transports, 5 scenarios each
        assertThat(said.lines().filter(line -> line.startsWith("held ")))
                .as(said)
                .hasSize(30);
    }

    @Test
    void page_inChromium_getsInFromItsOriginOnly() throws IOException, InterruptedException {
        Optional<Path> chromium = program("chromium").or(() -> program("chromium-browser"));
        require(chromium.isPresent(), "no chromium on the path", "apt-get install chromium");

        String said =
                run("browser.js", Map.of("chromium", chromium.orElseThrow().toString()));

        assertThat(said.lines().filter(line -> line.startsWith("held ")))
                .as(said)
                .hasSize(5);
    }

    private static String run(String script, Map<String, Object> more) throws IOException, InterruptedException {
        Map<String, Object> told = new LinkedHashMap<>(more);
        told.put("ca", house.authority.file().toString());
        told.put("certificate", house.server.certificate().toString());
        told.put("tlsPort", house.tlsPort);
        told.put("webPort", house.webPort);
        told.put("pagePort", house.pagePort);
        told.put("user", MatrixHouse.USER);
        told.put("password", MatrixHouse.PASSWORD);
        told.put("token", house.token());
        Path output = Files.createTempFile(folder, "node", ".out");
        ProcessBuilder builder = new ProcessBuilder("node", script)
                .directory(SCRIPTS.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("HOUSE", Json.line(told));
        Process node = builder.start();
        if (!node.waitFor(180, TimeUnit.SECONDS)) {
            node.descendants().forEach(ProcessHandle::destroyForcibly);
            node.destroyForcibly();
            throw new AssertionError(script + " did not end: " + Files.readString(output));
        }
        String said = Files.readString(output);
        assertThat(node.exitValue()).as("%s%n%s", said, house.brokerOutput()).isZero();
        return said;
    }

    private static Optional<Path> program(String name) {
        return Stream.of(Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator))
                .map(place -> Path.of(place, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static void require(boolean there, String why, String mend) {
        if (there) {
            return;
        }
        System.out.println("""

                ################################################################################
                #  SKIPPED: interoperability tests with MQTT.js.
                #  Why:     %s
                #  Mend:    %s
                ################################################################################
                """.formatted(why, mend));
        if (Boolean.getBoolean("gatehouse.ci")) {
            throw new AssertionError(why + ", and -Dgatehouse.ci=true forbids to skip");
        }
        Assumptions.abort(why);
    }
}
