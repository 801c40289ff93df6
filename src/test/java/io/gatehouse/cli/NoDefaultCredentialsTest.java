package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing that is shipped lets anybody in: no key, no password, no user; what is made at the first start is new each time. */
class NoDefaultCredentialsTest {
    private static final List<String> SHIPPED = List.of(
            "src/main",
            "policies",
            "certs-tools",
            "docker-compose.yml",
            "Dockerfile",
            "gatehouse",
            "README.md",
            "docs");
    private static final Pattern KEY = Pattern.compile("-----BEGIN [A-Z ]*PRIVATE KEY-----\\s+[A-Za-z0-9+/]{20}");
    /** As a password file has them. */
    private static final Pattern HASH =
            Pattern.compile("(?m)^[A-Za-z0-9._-]+:\\$(7|6|argon2id|2[aby])\\$[A-Za-z0-9+/.,=$-]{20}");

    @TempDir
    private Path temp;

    private static int run(ByteArrayOutputStream out, Object... line) {
        return GatehouseCommand.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                Stream.of(line).map(String::valueOf).toArray(String[]::new));
    }

    @Test
    void files_thatAreShipped_holdNoKeyAndNoPassword() throws Exception {
        int looked = 0;
        for (String place : SHIPPED) {
            try (Stream<Path> files = Files.walk(Path.of(place))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                    assertThat(KEY.matcher(text).find())
                            .as("a private key in " + file)
                            .isFalse();
                    assertThat(HASH.matcher(text).find())
                            .as("a password in " + file)
                            .isFalse();
                    assertThat(file.toString())
                            .doesNotEndWith(".key")
                            .doesNotEndWith(".p12")
                            .doesNotEndWith(".jks");
                    looked++;
                }
            }
        }
        assertThat(looked).isGreaterThan(300);
    }

    @Test
    void policies_thatAreShipped_letNobodyInWithoutALogin() throws Exception {
        try (Stream<Path> files = Files.walk(Path.of("policies"))) {
            List<Path> policies =
                    files.filter(file -> file.toString().endsWith(".yaml")).toList();
            assertThat(policies).isNotEmpty();
            for (Path policy : policies) {
                assertThat(policy).content().doesNotContain("auth: none").doesNotContain("anonymous: true");
            }
        }
    }

    @Test
    void quickstart_twice_makesOtherKeysAndAnotherPassword() throws Exception {
        for (String name : List.of("one", "two")) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            int code = run(
                    out,
                    "quickstart",
                    "--setup-only",
                    "--dir",
                    temp.resolve(name),
                    "--device-port",
                    "0",
                    "--app-port",
                    "0",
                    "--web-port",
                    "0");
            assertThat(code).as(out.toString(StandardCharsets.UTF_8)).isZero();
        }
        String first = password(temp.resolve("one"));
        String second = password(temp.resolve("two"));
        assertThat(first).hasSizeGreaterThanOrEqualTo(16).isNotEqualTo(second);
        for (String file :
                List.of("pki/ca/device.key", "clients/greenhouse/key.pem", "users.pw", "tokens/issuer.key.json")) {
            assertThat(temp.resolve("one").resolve(file)).isRegularFile();
            assertThat(Files.readAllBytes(temp.resolve("one").resolve(file)))
                    .as(file)
                    .isNotEqualTo(Files.readAllBytes(temp.resolve("two").resolve(file)));
        }
    }

    /** Where a program finds it that reads no prose. */
    private static String password(Path folder) throws Exception {
        Object known =
                Json.object(Files.readString(folder.resolve("quickstart.json"))).get("password");
        Path file = Path.of(String.valueOf(((Map<?, ?>) Objects.requireNonNull(known)).get("file")));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        return Files.readString(file).strip();
    }
}
