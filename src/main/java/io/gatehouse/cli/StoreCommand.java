package io.gatehouse.cli;

import io.gatehouse.admin.ControlClient;
import io.gatehouse.admin.ControlCommand;
import io.gatehouse.config.Configuration;
import io.gatehouse.json.Json;
import io.gatehouse.store.StoreKey;
import io.gatehouse.store.StoreTool;
import io.gatehouse.store.UnusableStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse store}: sessions, queues and retained messages on disk. */
@Command(
        name = "store",
        description = "Look after the store of sessions, queues and retained messages.",
        mixinStandardHelpOptions = true,
        subcommands = {
            StoreCommand.Check.class,
            StoreCommand.Stats.class,
            StoreCommand.Backup.class,
            StoreCommand.Restore.class,
            StoreCommand.Keygen.class,
            StoreCommand.Rekey.class
        })
final class StoreCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** Which store: the configuration's, or a folder, such as a backup. */
    static final class Which {
        @Spec(Spec.Target.MIXEE)
        private CommandSpec spec;

        @Option(
                names = {"-c", "--config"},
                paramLabel = "FILE",
                defaultValue = "gatehouse.yaml",
                description = "The configuration that names the store and its key; default: ${DEFAULT-VALUE}.")
        private Path file = Path.of("gatehouse.yaml");

        @Option(names = "--folder", paramLabel = "DIR", description = "Another store, such as a backup.")
        private @Nullable Path folder;

        @Option(
                names = "--key-file",
                paramLabel = "FILE",
                description = "Its key, with --folder; default: the environment (GATEHOUSE_STORE_KEY), or none.")
        private @Nullable Path keyFile;

        PrintWriter out() {
            return spec.commandLine().getOut();
        }

        Configuration configuration() {
            return RunCommand.configuration(file);
        }

        Path folder() {
            if (folder != null) {
                return folder;
            }
            return configuration()
                    .storage()
                    .folder()
                    .orElseThrow(() -> Failure.findings(file + " says storage: memory; there is no store"));
        }

        Optional<StoreKey> key() throws UnusableStore {
            return folder != null
                    ? StoreKey.of(Optional.ofNullable(keyFile))
                    : StoreKey.of(configuration().storage().keyFile());
        }
    }

    private static Failure failure(UnusableStore e) {
        String said = String.valueOf(e.getMessage());
        return Failure.findings(
                said.contains("in use")
                        ? said
                                + ". A broker has it: make a copy with 'gatehouse store backup DIR', and look at that with"
                                + " --folder DIR"
                        : said);
    }

    /** {@code store check}. */
    @Command(
            name = "check",
            description =
                    "Read every record of a store that no broker has open, and say what is wrong. Exit code 0: it is"
                            + " whole; 1: it is not.",
            mixinStandardHelpOptions = true)
    static final class Check implements Runnable {
        @Mixin
        private Which which = new Which();

        @Override
        public void run() {
            try {
                Path folder = which.folder();
                StoreTool.Checked checked = StoreTool.check(folder, which.key());
                checked.faults().forEach(which.out()::println);
                if (!checked.faults().isEmpty()) {
                    throw Failure.findings(folder + ": the store is not whole; restore a backup");
                }
                which.out().println(folder + ": whole, " + checked.records() + " records");
            } catch (UnusableStore e) {
                throw failure(e);
            }
        }
    }

    /** {@code store stats}. */
    @Command(
            name = "stats",
            description =
                    "Say what is in a store that no broker has open, and in which sessions most waits. Of a running broker,"
                            + " 'gatehouse status' tells.",
            mixinStandardHelpOptions = true)
    static final class Stats implements Runnable {
        @Mixin
        private Which which = new Which();

        @Option(names = "--json", description = "As JSON.")
        private boolean json;

        @Override
        public void run() {
            try {
                StoreTool.Stats stats = StoreTool.stats(which.folder(), which.key());
                Map<String, Object> all = new LinkedHashMap<>();
                all.put("sessions", stats.sessions());
                all.put("subscriptions", stats.subscriptions());
                all.put("queued_messages", stats.queuedMessages());
                all.put("queued_bytes", stats.queuedBytes());
                all.put("shared_messages", stats.sharedMessages());
                all.put("retained_messages", stats.retainedMessages());
                all.put("disk_bytes", stats.diskBytes());
                all.put("encrypted", stats.encrypted());
                all.put("largest", stats.largest());
                if (json) {
                    which.out().println(Json.pretty(all));
                    return;
                }
                all.forEach((key, value) -> {
                    if (!key.equals("largest")) {
                        which.out().printf("%-18s %s%n", key.replace('_', ' '), value);
                    }
                });
                stats.largest()
                        .forEach((client, waiting) ->
                                which.out().printf("  %-24s %d wait%n", client.replaceAll("\\p{Cntrl}", "?"), waiting));
            } catch (UnusableStore e) {
                throw failure(e);
            }
        }
    }

    /** {@code store backup}. */
    @Command(
            name = "backup",
            description =
                    "Make a running broker copy its store, consistent and beside its work: everything that was acknowledged"
                            + " before is in the copy. An encrypted store's copy is encrypted with the same key.",
            mixinStandardHelpOptions = true)
    static final class Backup implements Runnable {
        @Mixin
        private Asking asking = new Asking();

        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "DIR", description = "The folder to make; on the same disk it takes hardly any room.")
        private Path target = Path.of("");

        @Override
        public void run() {
            Path absolute = target.toAbsolutePath().normalize();
            asking.ask("store-backup", Map.of("folder", absolute.toString()));
            spec.commandLine()
                    .getOut()
                    .println("copied to " + absolute + "; check it with: gatehouse store check --folder " + absolute);
        }
    }

    /** {@code store restore}. */
    @Command(
            name = "restore",
            description =
                    "Put a copy that 'store backup' made in the place of the configuration's store, which must not be there."
                            + " The copy is checked first.",
            mixinStandardHelpOptions = true)
    static final class Restore implements Runnable {
        @Parameters(paramLabel = "COPY", description = "The copy.")
        private Path copy = Path.of("");

        @Mixin
        private Which which = new Which();

        @Override
        public void run() {
            try {
                refuseWhileRunning(which);
                StoreTool.restore(copy, which.folder(), which.key());
                which.out().println("restored " + which.folder() + " from " + copy);
            } catch (UnusableStore e) {
                throw failure(e);
            }
        }
    }

    /** {@code store keygen}. */
    @Command(
            name = "keygen",
            description =
                    "Make a key for a store, in a file that only its owner reads. Keep a copy where a fire does not reach it:"
                            + " without the key nothing of the store can be read.",
            mixinStandardHelpOptions = true)
    static final class Keygen implements Runnable {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "FILE", description = "The file; it must not exist.")
        private Path file = Path.of("");

        @Override
        public void run() {
            try {
                StoreKey.make(file);
                spec.commandLine()
                        .getOut()
                        .println("wrote " + file + " (0600). Name it with storage: {key_file: " + file
                                + "}; a store that is there already: gatehouse store rekey --new-key-file " + file);
            } catch (UnusableStore e) {
                throw failure(e);
            }
        }
    }

    /** {@code store rekey}. */
    @Command(
            name = "rekey",
            description = {
                "Encrypt a store that no broker has open with another key, or for the first time, or no longer.",
                "Every record is written anew beside the old store, which is replaced when the new one is whole; that takes as"
                        + " much room again. The configuration's key is the one it has now."
            },
            mixinStandardHelpOptions = true)
    static final class Rekey implements Runnable {
        @Mixin
        private Which which = new Which();

        @Option(names = "--new-key-file", paramLabel = "FILE", description = "The key it gets.")
        private @Nullable Path newKey;

        @Option(names = "--plain", description = "No key: everything will stand in the clear.")
        private boolean plain;

        @Override
        public void run() {
            if (plain == (newKey != null)) {
                throw Failure.usage("give --new-key-file FILE, or --plain");
            }
            try {
                refuseWhileRunning(which);
                Optional<StoreKey> to = newKey == null ? Optional.empty() : Optional.of(StoreKey.read(newKey));
                long records = StoreTool.rekey(which.folder(), which.key(), to);
                which.out()
                        .println(records + " records written anew. Now "
                                + (newKey == null
                                        ? "take key_file out of storage: in the configuration"
                                        : "name the key with storage: {key_file: " + newKey + "}"));
            } catch (UnusableStore e) {
                throw failure(e);
            }
        }
    }

    private static void refuseWhileRunning(Which which) {
        if (which.folder != null) {
            return; // a folder that no configuration names; the engine's own lock tells
        }
        try {
            ControlClient.ask(which.configuration().data(), "status", Map.of());
        } catch (IOException nobodyAnswers) {
            return;
        } catch (ControlCommand.Refused e) {
            throw Failure.findings(String.valueOf(e.getMessage()));
        }
        throw Failure.findings("a broker runs on this store; stop it first");
    }
}
