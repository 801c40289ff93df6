package io.gatehouse.cli;

import io.gatehouse.audit.AuditChain;
import io.gatehouse.audit.AuditFilter;
import io.gatehouse.audit.AuditTail;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse audit}: looks at audit logs. */
@Command(
        name = "audit",
        description = "Look at audit logs.",
        mixinStandardHelpOptions = true,
        subcommands = {AuditCommand.Verify.class, AuditCommand.Filter.class, AuditCommand.Follow.class})
final class AuditCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** {@code audit verify}. */
    @Command(
            name = "verify",
            description =
                    "Check that no line of a log was changed, taken out or put in. Exit code 1: one was, and it is named.",
            mixinStandardHelpOptions = true)
    static final class Verify implements Runnable {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "FILE", description = "The log.")
        private Path file = Path.of("");

        @Override
        public void run() {
            AuditChain.Verification result;
            try {
                result = AuditChain.verify(file);
            } catch (IOException e) {
                throw Failure.usage(file + ": cannot be read: " + e.getMessage());
            }
            if (result.fault().isPresent()) {
                throw Failure.findings(result.fault().get());
            }
            spec.commandLine().getOut().println(file + ": " + result.lines() + " lines, none changed");
            spec.commandLine()
                    .getOut()
                    .println("last hash: " + result.lastHash() + " (noted elsewhere, it shows a cut-off end)");
        }
    }

    /** Which lines, and how they are shown. */
    static final class Choice {
        @Spec(Spec.Target.MIXEE)
        private CommandSpec spec;

        @Option(
                names = "--event",
                paramLabel = "NAME",
                split = ",",
                description = "login, decision, ...; may be repeated.")
        private List<String> events = new ArrayList<>();

        @Option(names = "--user", description = "Who it was about.")
        private @Nullable String user;

        @Option(names = "--client", paramLabel = "ID", description = "The client identifier it was about.")
        private @Nullable String client;

        @Option(
                names = "--where",
                paramLabel = "FIELD=VALUE",
                description = "Any other field, such as outcome=refused; may be repeated, all must hold.")
        private Map<String, String> where = new LinkedHashMap<>();

        @Option(names = "--json", description = "The lines as they are, instead of readable ones.")
        private boolean json;

        AuditFilter filter(@Nullable Instant since, @Nullable Instant until) {
            Map<String, String> fields = new LinkedHashMap<>(where);
            if (user != null) {
                fields.put("user", user);
            }
            if (client != null) {
                fields.put("client", client);
            }
            return new AuditFilter(new HashSet<>(events), fields, since, until);
        }

        void show(String line) {
            PrintWriter out = spec.commandLine().getOut();
            out.println(json ? line : AuditFilter.readable(line));
        }

        boolean isOver() {
            return spec.commandLine().getOut().checkError(); // it flushes; whoever read has gone
        }
    }

    /** {@code audit filter}. */
    @Command(
            name = "filter",
            description = "Show the lines of a log that are about something. Exit code 1: there are none.",
            mixinStandardHelpOptions = true)
    static final class Filter implements Runnable {
        @Parameters(paramLabel = "FILE", description = "The log.")
        private Path file = Path.of("");

        @Mixin
        private Choice choice = new Choice();

        @Option(
                names = "--since",
                paramLabel = "WHEN",
                description = "2026-11-25T12:00:00Z, or so long ago: 90s, 15m, 24h, 7d.")
        private @Nullable String since;

        @Option(names = "--until", paramLabel = "WHEN", description = "The same; leaves out what is not older.")
        private @Nullable String until;

        @Override
        public void run() {
            Instant now = Clock.systemUTC().instant();
            AuditFilter filter = choice.filter(moment("--since", since, now), moment("--until", until, now));
            boolean any = false;
            try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    if (filter.wants(line)) {
                        any = true;
                        choice.show(line);
                    }
                }
            } catch (IOException e) {
                throw Failure.usage(file + ": cannot be read: " + e.getMessage());
            }
            if (!any) {
                throw Failure.findings(file + ": no line is about that");
            }
        }

        private static @Nullable Instant moment(String option, @Nullable String text, Instant now) {
            if (text == null) {
                return null;
            }
            try {
                if (text.matches("[0-9]{1,6}[smhd]")) {
                    String unit = text.substring(text.length() - 1).toUpperCase(Locale.ROOT);
                    String number = text.substring(0, text.length() - 1);
                    return now.minus(Duration.parse(unit.equals("D") ? "P" + number + "D" : "PT" + number + unit));
                }
                return Instant.parse(text);
            } catch (DateTimeParseException e) {
                throw Failure.usage(option + ": \"" + text + "\" is no moment; write 2026-11-25T12:00:00Z, or 24h");
            }
        }
    }

    /** {@code audit follow}. */
    @Command(
            name = "follow",
            description = "Show the lines of a log as they are written, until it is interrupted.",
            mixinStandardHelpOptions = true)
    static final class Follow implements Runnable {
        private static final long LOOK_NANOS = 200_000_000;

        @Parameters(paramLabel = "FILE", description = "The log.")
        private Path file = Path.of("");

        @Mixin
        private Choice choice = new Choice();

        @Override
        public void run() {
            AuditFilter filter = choice.filter(null, null);
            try {
                AuditTail tail = new AuditTail(file);
                while (!choice.isOver() && !Thread.currentThread().isInterrupted()) {
                    tail.read(line -> {
                        if (filter.wants(line)) {
                            choice.show(line);
                        }
                    });
                    LockSupport.parkNanos(LOOK_NANOS);
                }
            } catch (IOException e) {
                throw Failure.usage(file + ": cannot be read: " + e.getMessage());
            }
        }
    }
}
