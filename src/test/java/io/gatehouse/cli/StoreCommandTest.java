package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.Broker;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of the store, as an operator types them. */
class StoreCommandTest {
    @TempDir
    Path folder;

    private Path file;

    private record Run(int code, String out, String err) {}

    @BeforeEach
    void house() throws Exception {
        Path house = folder.resolve("house");
        assertThat(run("quickstart", "--setup-only", "--dir", house).code()).isZero();
        file = house.resolve("gatehouse.yaml");
        Files.writeString(
                file,
                Files.readString(file).replaceAll("port: \\d+", "port: 0").replaceAll("(?m)^storage:.*$", "")
                        + "\nstorage: {folder: data/store}\n");
    }

    private Broker start() throws Exception {
        return Broker.start(ConfigurationReader.read(file).configuration().orElseThrow(), Clock.systemUTC());
    }

    @Test
    void backupCheckStatsRestore_ofARunningBrokersStore() throws Exception {
        Path copy = folder.resolve("copy");
        assertThat(run("store", "backup", copy, "-c", file).err()).contains("no broker runs on");
        try (Broker broker = start()) {
            assertThat(broker.ports()).isNotEmpty();
            Run backup = run("store", "backup", copy, "-c", file);
            assertThat(backup.code()).as(backup.err()).isZero();
            assertThat(run("store", "backup", copy, "-c", file).err()).contains("not there yet");
            Run busy = run("store", "check", "-c", file);
            assertThat(busy.code()).isEqualTo(1);
            assertThat(busy.err()).contains("in use").contains("gatehouse store backup");
            assertThat(run("store", "restore", copy, "-c", file).err()).contains("a broker runs on this store");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy)))
                .isEqualTo("rwx------");
        assertThat(run("store", "check", "--folder", copy).out()).contains("whole");
        assertThat(run("store", "check", "-c", file).out()).contains("whole");
        assertThat(Json.object(run("store", "stats", "--json", "-c", file).out()))
                .containsEntry("sessions", 0)
                .containsEntry("encrypted", false);
        assertThat(run("store", "stats", "-c", file).out()).contains("queued messages");

        Run there = run("store", "restore", copy, "-c", file);
        assertThat(there.code()).isEqualTo(1);
        assertThat(there.err()).contains("Move it away");
        Path store = file.resolveSibling("data/store");
        Files.move(store, folder.resolve("old"));
        assertThat(run("store", "restore", copy, "-c", file).code()).isZero();
        start().close();
    }

    @Test
    void rekey_encrypts_andTheBrokerStartsWithTheKeyOnly() throws Exception {
        start().close();
        Path key = folder.resolve("store.key");
        assertThat(run("store", "keygen", key).code()).isZero();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
        assertThat(run("store", "keygen", key).code()).isEqualTo(1);
        assertThat(run("store", "rekey", "-c", file).code()).isEqualTo(2);
        Run rekey = run("store", "rekey", "--new-key-file", key, "-c", file);
        assertThat(rekey.code()).as(rekey.err()).isZero();
        assertThat(rekey.out()).contains("records written anew");
        Run without = run("store", "check", "-c", file);
        assertThat(without.code()).isEqualTo(1);
        assertThat(without.err()).contains("it is encrypted, and there is no key");

        Files.writeString(
                file,
                Files.readString(file).replace("{folder: data/store}", "{folder: data/store, key_file: " + key + "}"));
        start().close();
        assertThat(run("store", "check", "-c", file).out()).contains("whole");
        assertThat(run("store", "rekey", "--plain", "-c", file).out()).contains("take key_file out");
    }

    @Test
    void memory_hasNoStore() throws Exception {
        Files.writeString(file, Files.readString(file).replace("storage: {folder: data/store}", "storage: memory"));
        assertThat(run("store", "check", "-c", file).err()).contains("there is no store");
        try (Broker broker = start()) {
            assertThat(broker.ports()).isNotEmpty();
            assertThat(run("store", "backup", folder.resolve("x"), "-c", file).err())
                    .contains("storage is memory");
        }
    }

    private static Run run(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = GatehouseCommand.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new));
        return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
