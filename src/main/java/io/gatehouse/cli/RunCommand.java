package io.gatehouse.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.gatehouse.Broker;
import io.gatehouse.CannotStart;
import io.gatehouse.PolicyRevision;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.config.Problem;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gatehouse run}: the broker in the foreground. */
@Command(
        name = "run",
        description =
                "Run the broker in the foreground. SIGTERM and Ctrl-C stop it cleanly; SIGHUP makes it load policy,"
                        + " passwords, keys and certificates again, which it also does by itself when a file changed.",
        mixinStandardHelpOptions = true)
final class RunCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            defaultValue = "gatehouse.yaml",
            description = "The configuration; default: ${DEFAULT-VALUE}.")
    private Path file = Path.of("gatehouse.yaml");

    @Option(
            names = "--allow-rollback",
            description = "Take a signed policy though its revision is older than what was in force before.")
    private boolean allowRollback;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        Configuration configuration = configuration(file);
        if (allowRollback) {
            forgetRevision(configuration);
        }
        serve(configuration, broker -> {
            String ports = broker.ports().entrySet().stream()
                    .map(port -> port.getKey() + " " + port.getValue())
                    .collect(Collectors.joining(", "));
            out.println("gatehouse is ready: " + ports + "; policy: " + broker.policySummary());
            out.flush();
        });
    }

    private static void forgetRevision(Configuration configuration) {
        try {
            new PolicyRevision(configuration.data()).forget();
        } catch (IOException e) {
            throw Failure.findings("which policy was in force cannot be forgotten: " + e.getMessage());
        }
    }

    /** Reads a configuration; all its problems at once are the failure. */
    static Configuration configuration(Path file) {
        if (!Files.exists(file)) {
            throw Failure.findings("nothing listens: there is no " + file
                    + ". Make one with 'gatehouse quickstart', or see docs/configuration.md");
        }
        ConfigurationReader.Result result = ConfigurationReader.read(file);
        return result.configuration()
                .orElseThrow(() -> Failure.findings("the configuration has mistakes; nothing was started\n"
                        + result.problems().stream().map(Problem::toString).collect(Collectors.joining("\n"))));
    }

    /** Starts a broker and returns when it has stopped. */
    static void serve(Configuration configuration, Consumer<Broker> ready) {
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.INFO);
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        Broker broker;
        try {
            broker = Broker.start(configuration, Clock.systemUTC());
        } catch (CannotStart e) {
            throw Failure.findings("nothing was started\n" + String.join("\n", e.lines()));
        }
        Signals.onHangUp(broker::reload);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            stop.countDown();
                            await(stopped);
                        },
                        "gatehouse-stop"));
        ready.accept(broker);
        await(stop);
        broker.close();
        stopped.countDown();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
