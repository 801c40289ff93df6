package io.gatehouse.cli;

import io.gatehouse.authn.Unusable;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.Listener;
import io.gatehouse.pki.PkiProblem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gatehouse quickstart}: from nothing to a running broker and lines to paste. */
@Command(
        name = "quickstart",
        description =
                "Make certificates, users and a policy, start the broker, and print what to type next. A second run uses"
                        + " everything again.",
        mixinStandardHelpOptions = true)
final class QuickstartCommand implements Runnable {
    /** Certificates that begin before this were made by a clock that is wrong. */
    private static final Instant NO_EARLIER = Instant.parse("2025-01-01T00:00:00Z");

    private static final Instant NO_LATER = Instant.parse("2100-01-01T00:00:00Z");

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = "gatehouse-data",
            description = "Where everything goes; default: ${DEFAULT-VALUE}.")
    private Path folder = Path.of("gatehouse-data");

    @Option(
            names = "--listen",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "The address to listen on, or * for all; default: ${DEFAULT-VALUE}.")
    private String listen = "127.0.0.1";

    @Option(
            names = "--name",
            paramLabel = "HOST",
            description = "One more name or address for the server's certificate; repeat for more.")
    private List<String> names = List.of();

    @Option(
            names = "--device-port",
            paramLabel = "PORT",
            defaultValue = "8883",
            description = "For certificates; default: ${DEFAULT-VALUE}.")
    private int devicePort = 8883;

    @Option(
            names = "--app-port",
            paramLabel = "PORT",
            defaultValue = "8884",
            description = "For passwords and tokens; default: ${DEFAULT-VALUE}.")
    private int appPort = 8884;

    @Option(
            names = "--web-port",
            paramLabel = "PORT",
            defaultValue = "8443",
            description = "For WebSocket; default: ${DEFAULT-VALUE}.")
    private int webPort = 8443;

    @Option(names = "--setup-only", description = "Make the files and start nothing.")
    private boolean setupOnly;

    @Override
    public void run() {
        Path home = folder.toAbsolutePath().normalize();
        requireClock();
        boolean again = Files.exists(home.resolve("gatehouse.yaml"));
        if (!again && !setupOnly) {
            requireFree(listen, List.of(devicePort, appPort, webPort));
        }
        make(home);
        Configuration configuration = RunCommand.configuration(home.resolve("gatehouse.yaml"));
        requireSame(configuration, home);
        QuickstartGuide guide = new QuickstartGuide(home, devicePort, appPort, webPort);
        if (setupOnly) {
            guide.print(spec.commandLine().getOut(), false);
            return;
        }
        requireFree(listen, List.of(devicePort, appPort, webPort));
        RunCommand.serve(configuration, broker -> guide.print(spec.commandLine().getOut(), true));
    }

    private static void requireClock() {
        Instant now = Instant.now();
        if (now.isBefore(NO_EARLIER) || now.isAfter(NO_LATER)) {
            throw Failure.findings("the clock says " + now
                    + ", which cannot be: certificates made now would not be valid." + " Set the clock first");
        }
    }

    /** A port that another program has is better said before anything is made. */
    private static void requireFree(String listen, List<Integer> ports) {
        String[] options = {"--device-port", "--app-port", "--web-port"};
        Set<Integer> seen = new LinkedHashSet<>();
        for (int i = 0; i < ports.size(); i++) {
            int port = ports.get(i);
            if (port < 1 || port > 65_535 || !seen.add(port)) {
                throw Failure.usage("port " + port + " cannot be used for " + options[i]
                        + ": three different ports from 1 to" + " 65535 are needed");
            }
            try (ServerSocket probe = new ServerSocket()) {
                probe.setReuseAddress(true);
                probe.bind(
                        listen.equals("*")
                                ? new InetSocketAddress(port)
                                : new InetSocketAddress(InetAddress.getByName(listen), port));
            } catch (UnknownHostException e) {
                throw Failure.usage("\"" + listen + "\" is not an address of this machine");
            } catch (IOException e) {
                throw Failure.findings("port " + port + " on " + listen + " cannot be bound (" + e.getMessage()
                        + "). Is a broker running there already? Choose another with " + options[i]);
            }
        }
    }

    private void make(Path home) {
        try {
            new Quickstart(
                            home,
                            new Quickstart.Ports(listen, devicePort, appPort, webPort),
                            serverNames(),
                            Clock.systemUTC())
                    .make();
        } catch (AccessDeniedException e) {
            throw Failure.findings(home + " cannot be written: permission denied at " + e.getFile()
                    + ". Choose another folder with --dir");
        } catch (FileSystemException e) {
            throw Failure.findings(
                    home + " cannot be written: " + e.getMessage() + ". Choose another folder with --dir");
        } catch (IOException e) {
            throw Failure.findings(home + " cannot be written: " + e.getMessage());
        } catch (PkiProblem | Unusable e) {
            throw Failure.findings(String.valueOf(e.getMessage()));
        }
    }

    private List<String> serverNames() {
        Set<String> all = new LinkedHashSet<>(List.of("localhost", "127.0.0.1", "::1"));
        try {
            String host = InetAddress.getLocalHost().getHostName();
            if (host.matches("[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")) {
                all.add(host);
            }
        } catch (UnknownHostException e) {
            // a machine that does not know its own name is reached by the others
            spec.commandLine().getErr().println("this host does not know its own name; give it with --name");
        }
        if (!listen.equals("*")) {
            all.add(listen);
        }
        all.addAll(names);
        return new ArrayList<>(all);
    }

    /** The configuration is the user's own by now: an option that says otherwise is told so. */
    private void requireSame(Configuration configuration, Path home) {
        List<String> wanted = List.of("devices", "apps", "web");
        int[] ports = {devicePort, appPort, webPort};
        for (int i = 0; i < ports.length; i++) {
            String name = wanted.get(i);
            int port = ports[i];
            for (Listener listener : configuration.listeners()) {
                if (listener.name().equals(name) && listener.port() != port) {
                    throw Failure.usage(
                            home.resolve("gatehouse.yaml") + " has port " + listener.port() + " for \"" + name
                                    + "\", not " + port
                                    + ". Give the same ports, change that file, or choose another folder with"
                                    + " --dir");
                }
            }
        }
    }
}
