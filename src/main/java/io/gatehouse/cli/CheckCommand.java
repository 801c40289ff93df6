package io.gatehouse.cli;

import io.gatehouse.PolicyRevision;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.Listener;
import io.gatehouse.config.Problem;
import io.gatehouse.json.Json;
import io.gatehouse.policy.language.PolicyLoader;
import io.gatehouse.policy.lint.ConfiguredPolicy;
import io.gatehouse.tls.AttachedAuthority;
import io.gatehouse.tls.TlsContext;
import io.gatehouse.tls.UnusableTls;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gatehouse check}: everything that a start would look at, without starting. */
@Command(
        name = "check",
        description =
                "Check the configuration, certificates and policy without starting anything; print every value in force"
                        + " and what an auditor would ask about. Exit code 0: a start would succeed; 1: it would not.",
        mixinStandardHelpOptions = true)
final class CheckCommand implements Runnable {
    private static final Duration SOON = Duration.ofDays(30);

    @Spec
    private CommandSpec spec;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            defaultValue = "gatehouse.yaml",
            description = "The configuration; default: ${DEFAULT-VALUE}.")
    private Path file = Path.of("gatehouse.yaml");

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    /** Something an auditor asks about; the id is stable. */
    private record Finding(String id, String severity, String text) {}

    @Override
    public void run() {
        Configuration configuration = RunCommand.configuration(file);
        List<String> mistakes = new ArrayList<>();
        List<Finding> findings = new ArrayList<>();
        for (Listener listener : configuration.listeners()) {
            posture(listener, findings, mistakes);
        }
        configuration.enrolment().ifPresent(enrolment -> posture(enrolment, findings));
        if (configuration.audit().file().isEmpty()) {
            findings.add(
                    new Finding("GH-AUDIT-001", "warning", "no audit file: write audit: {file: data/audit.jsonl}"));
        }
        if (configuration.storage().folder().isEmpty()) {
            findings.add(new Finding(
                    "GH-STORE-001",
                    "note",
                    "sessions and retained messages are kept in memory and end with the broker"));
        }
        PolicyLoader.Loaded policy = ConfiguredPolicy.load(
                configuration.policyFolder(),
                configuration,
                options -> options.signedBy(configuration.policyVerifyKey().map(PolicyCommand::verifying)),
                Clock.systemUTC());
        for (Problem problem : policy.problems()) {
            if (problem.isError()) {
                mistakes.add(problem.toString());
            } else {
                findings.add(new Finding("GH-POLICY-001", "warning", problem.toString()));
            }
        }
        new PolicyRevision(configuration.data())
                .refuses(configuration.policyFolder(), policy)
                .ifPresent(problem -> mistakes.add(problem.toString()));
        print(configuration, findings, mistakes, policy);
        if (!mistakes.isEmpty()) {
            throw Failure.findings(mistakes.size() + " mistakes: a start would be refused");
        }
    }

    private static void posture(Configuration.Enrolment enrolment, List<Finding> findings) {
        if (!(enrolment.signing() instanceof Configuration.Embedded embedded)) {
            return; // a signer of its own has the rest
        }
        findings.add(new Finding(
                "GH-ENROL-001",
                "warning",
                "the key of the authority in " + embedded.folder()
                        + " is in the broker's process: a signer of its own keeps it, with gatehouse certs serve and"
                        + " signer: unix:PATH"));
        if (embedded.terms().approval().of() == Configuration.ApprovalOf.ANYONE) {
            findings.add(new Finding(
                    "GH-ENROL-002",
                    "warning",
                    "whoever reaches the enrolment port may wait for an operator: approval: {of: manufactured} takes"
                            + " devices of manufacturers that are trusted"));
        }
    }

    private static void posture(Listener listener, List<Finding> findings, List<String> mistakes) {
        listener.insecureAcknowledgement()
                .ifPresent(why -> findings.add(new Finding(
                        "GH-TLS-001",
                        "warning",
                        "listener \"" + listener.name() + "\" is plaintext, acknowledged with: " + why)));
        if (listener.login().has("none")) {
            findings.add(new Finding(
                    "GH-AUTH-001", "warning", "listener \"" + listener.name() + "\" lets everybody in: login none"));
        }
        if (listener.tls().isEmpty()) {
            return;
        }
        Configuration.Tls tls = listener.tls().get();
        try {
            Optional<AttachedAuthority> authority = Optional.empty();
            if (tls.revocation().authority().isPresent()) {
                authority = Optional.of(
                        AttachedAuthority.open(tls.revocation().authority().get()));
            }
            Instant end = TlsContext.load(tls, Clock.systemUTC(), authority, Runnable::run)
                    .certificate()
                    .getNotAfter()
                    .toInstant();
            if (end.isBefore(Instant.now().plus(SOON))) {
                findings.add(new Finding(
                        "GH-TLS-002",
                        "warning",
                        "the certificate of listener \"" + listener.name() + "\" ends " + end
                                + ". Renew it with: gatehouse certs server"));
            }
        } catch (UnusableTls e) {
            mistakes.add(String.valueOf(e.getMessage()));
        }
        if (tls.clientCa().isPresent() && tls.revocation().isEmpty()) {
            findings.add(new Finding(
                    "GH-TLS-003",
                    "note",
                    "listener \"" + listener.name()
                            + "\" has no crl and no revocation: a stolen certificate is good until it ends"));
        }
    }

    private void print(
            Configuration configuration, List<Finding> findings, List<String> mistakes, PolicyLoader.Loaded policy) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("effective", configuration.effective());
            all.put("policy", policy.summary());
            all.put("findings", findings.stream().map(CheckCommand::fields).toList());
            all.put("mistakes", mistakes);
            out.println(Json.pretty(all));
            return;
        }
        out.println("# every value in force");
        print(out, configuration.effective(), "");
        out.println();
        out.println("# policy: " + policy.summary() + " sha256:" + policy.digest());
        out.println("# posture");
        findings.forEach(finding -> out.println(finding.id() + " " + finding.severity() + ": " + finding.text()));
        mistakes.forEach(out::println);
    }

    private static Map<String, Object> fields(Finding finding) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", finding.id());
        fields.put("severity", finding.severity());
        fields.put("text", finding.text());
        return fields;
    }

    private static void print(PrintWriter out, Map<?, ?> values, String indent) {
        values.forEach((key, value) -> {
            if (value instanceof Map<?, ?> below) {
                out.println(indent + key + ":");
                print(out, below, indent + "  ");
            } else {
                out.println(indent + key + ": " + (value instanceof String text && text.isEmpty() ? "\"\"" : value));
            }
        });
    }
}
