package io.gatehouse.cli;

import java.io.PrintWriter;
import java.nio.file.Path;

/** What a quickstart prints when its broker is ready: lines to paste, with real paths. */
final class QuickstartGuide {
    private final Path folder;
    private final int devicePort;
    private final int appPort;
    private final int webPort;

    QuickstartGuide(Path folder, int devicePort, int appPort, int webPort) {
        this.folder = folder;
        this.devicePort = devicePort;
        this.appPort = appPort;
        this.webPort = webPort;
    }

    /** How the user called the program, so that what is printed can be pasted. */
    private static String program() {
        return System.getProperty("gatehouse.command", "gatehouse");
    }

    void print(PrintWriter out, boolean running) {
        String config = quoted(folder.resolve("gatehouse.yaml"));
        if (running) {
            out.printf(
                    "gatehouse is ready: mqtts on port %d (certificates) and %d (passwords, tokens), wss on %d.%n",
                    devicePort, appPort, webPort);
            out.println("Ctrl-C stops it.");
        } else {
            out.println("gatehouse is set up in " + folder + ". Start it with:");
            out.println("  " + program() + " run -c " + config);
        }
        out.println();
        out.println("Listen as the phone, in another terminal:");
        out.println("  mosquitto_sub " + certificate("phone") + " -t 'home/#' -v");
        out.println("Publish as the greenhouse:");
        out.println("  mosquitto_pub " + certificate("greenhouse") + " -t home/greenhouse/temperature -m 22.5");
        out.println("The same with a password:");
        out.println("  mosquitto_pub --cafile " + quoted(folder.resolve("tls/ca.pem")) + " -u app -P \"$(cat "
                + quoted(folder.resolve("clients/app/password")) + ")\" -h localhost -p " + appPort
                + " -t home/greenhouse/commands/water -m on");
        out.println();
        out.println("This one is refused, because an app does not command the alarm:");
        out.println("  mosquitto_pub " + certificate("phone") + " -t home/alarm/commands/disarm -m now -q 1 -V 5");
        out.println("and this says which rule decided:");
        out.println("  " + program() + " policy explain " + quoted(folder.resolve("policies"))
                + " --user phone 'publish home/alarm/commands/disarm'");
        out.println();
        out.println("Everything is in " + folder + ": gatehouse.yaml, policies, users.pw, pki, tls, clients; "
                + "quickstart.json has it for programs.");
        out.flush();
    }

    private String certificate(String client) {
        Path files = folder.resolve("clients").resolve(client);
        return "--cafile " + quoted(files.resolve("ca.pem")) + " --cert " + quoted(files.resolve("cert.pem"))
                + " --key " + quoted(files.resolve("key.pem")) + " -h localhost -p " + devicePort;
    }

    /** As a shell takes it: bare where nothing in it is special. */
    private static String quoted(Path path) {
        String text = path.toString();
        return text.matches("[A-Za-z0-9_@%+=:,./-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
