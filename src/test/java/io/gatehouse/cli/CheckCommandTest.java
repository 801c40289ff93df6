package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckCommandTest {
    @TempDir
    private Path folder;

    @ParameterizedTest(name = "storage: {0}")
    @CsvSource(
            delimiter = '|',
            value = {"memory | true", "{folder: data/store} | false"})
    void check_saysThatSessionsEndWithTheBroker_whereTheyDo(String storage, boolean inMemory) throws Exception {
        Files.createDirectory(folder.resolve("policies"));
        Path policy = Files.writeString(folder.resolve("policies/10-main.yaml"), "version: 1\n");
        Files.setPosixFilePermissions(policy, PosixFilePermissions.fromString("rw-r-----"));
        Path file = Files.writeString(folder.resolve("gatehouse.yaml"), """
                version: 1
                listeners: {x: {port: 0, insecure: {acknowledge: "nobody is there"}, login: none}}
                storage: %s
                """.formatted(storage));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream both = new PrintStream(out, true, StandardCharsets.UTF_8);
        GatehouseCommand.run(both, both, "check", "-c", file.toString());
        String printed = out.toString(StandardCharsets.UTF_8);
        assertThat(printed).contains("GH-AUDIT-001");
        assertThat(printed.contains("GH-STORE-001")).isEqualTo(inMemory);
    }
}
