package io.gatehouse.cli;

import io.gatehouse.authn.AuthMethod;
import io.gatehouse.authn.Subject;
import io.gatehouse.json.Json;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Denied;
import io.gatehouse.policy.Explanation;
import io.gatehouse.policy.Origins;
import io.gatehouse.policy.language.PolicyLoader.Loaded;
import io.gatehouse.policy.language.PolicyLoader.Options;
import io.gatehouse.policy.language.TestRun;
import io.gatehouse.policy.model.Check;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code policy explain}: the answer to one request, and the rules that make it. */
@Command(
        name = "explain",
        description = "Say what a request would be answered, and which rules decide.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "A REQUEST is connect, 'publish TOPIC [qos N] [retain] [size N]', 'subscribe FILTER [qos N]', 'receive TOPIC' or",
            "'will TOPIC'. Exit code 0: allowed; 1: denied.",
            "",
            "Example: gatehouse policy explain policies --user greenhouse 'publish home/alarm/siren'"
        })
final class PolicyExplain implements Runnable {
    private static final String VERIFIED = "verified";
    private static final String CLAIMED = "not checked";

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "FOLDER", description = "Its *.yaml files are the policy.")
    private Path folder = Path.of("");

    @Parameters(index = "1", paramLabel = "REQUEST", description = "What is asked.")
    private String request = "";

    @Option(names = "--user", paramLabel = "NAME", description = "Who asks; none: anonymous.")
    private String user = "";

    @Option(names = "--client", paramLabel = "ID", defaultValue = "explain", description = "The client id.")
    private String client = "explain";

    @Option(names = "--listener", paramLabel = "NAME", description = "The listener it comes in by; else unknown.")
    private String listener = "";

    @Option(names = "--address", paramLabel = "IP", description = "Where it comes from; else unknown.")
    private @Nullable String address;

    @Option(names = "--at", paramLabel = "MOMENT", description = "When, as 2026-12-05T23:00:00+01:00; else now.")
    private @Nullable String at;

    @Option(
            names = "--auth",
            paramLabel = "METHOD",
            description = "certificate, password, jwt or anonymous; by default what the attributes suggest.")
    private List<AuthMethod> methods = List.of();

    @Option(
            names = "--cert",
            paramLabel = "KEY=VALUE",
            description = "An attribute of its certificate: cn=..., san.uri=..., issuer=...; repeat for more.")
    private List<String> certificate = List.of();

    @Option(names = "--claim", paramLabel = "KEY=VALUE", description = "A claim of its token; repeat for more.")
    private List<String> claims = List.of();

    @Option(
            names = "--verify-key",
            paramLabel = "FILE",
            description = "The public key that has to have signed the policy; else its revision is told unverified.")
    private Optional<Path> verifyKey = Optional.empty();

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description =
                    "Ask the running broker of this configuration whether it is this policy that is in force, and as"
                            + " which revision.")
    private Optional<Path> configuration = Optional.empty();

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Override
    public void run() {
        Options options = Options.WITHOUT_TESTS.signedBy(verifyKey.map(PolicyCommand::verifying));
        Loaded loaded =
                PolicyCommand.require(folder, options, spec.commandLine().getErr());
        Check check;
        try {
            check = TestRun.parse(request);
        } catch (IllegalArgumentException e) {
            throw Failure.usage(String.valueOf(e.getMessage()));
        }
        Instant now = moment();
        Subject subject = subject();
        Explanation.Bound bound =
                Authorizer.asker(loaded.set().orElseThrow(), Clock.systemUTC()).as(subject, client, Optional.of(now));
        Explanation answer = TestRun.ask(bound, check);
        print(answer, bound.refusal(), loaded, Origins.of(loaded.policy(), subject, client, now, answer.roles()));
        if (!answer.allowed()) {
            throw new Quiet(ExitCode.FINDINGS);
        }
    }

    /** Ends with a code; everything is said already. */
    static final class Quiet extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final int exitCode;

        Quiet(int exitCode) {
            super(null, null, false, false);
            this.exitCode = exitCode;
        }

        int exitCode() {
            return exitCode;
        }
    }

    private Subject subject() {
        Map<String, List<String>> attributes = new HashMap<>();
        certificate.forEach(pair -> attribute("cert.", pair, attributes));
        claims.forEach(pair -> attribute("jwt.", pair, attributes));
        attributes.replaceAll(Subject::yielded);
        Set<AuthMethod> used = new HashSet<>(methods);
        if (used.isEmpty()) {
            used.add(
                    !claims.isEmpty()
                            ? AuthMethod.JWT
                            : !certificate.isEmpty()
                                    ? AuthMethod.CERTIFICATE
                                    : user.isEmpty() ? AuthMethod.ANONYMOUS : AuthMethod.PASSWORD);
        }
        return new Subject(user, used, listener, address(), attributes);
    }

    private static void attribute(String prefix, String pair, Map<String, List<String>> into) {
        int at = pair.indexOf('=');
        if (at < 1) {
            throw Failure.usage("\"" + pair + "\" is not KEY=VALUE");
        }
        into.computeIfAbsent(prefix + pair.substring(0, at), key -> new ArrayList<>())
                .add(pair.substring(at + 1));
    }

    private @Nullable InetAddress address() {
        if (address == null) {
            return null;
        }
        try {
            if (address.matches("[0-9.]+") || address.contains(":")) {
                return InetAddress.getByName(address);
            }
        } catch (UnknownHostException e) {
            // said below
        }
        throw Failure.usage("\"" + address + "\" is not an address");
    }

    private Instant moment() {
        try {
            return at == null ? Instant.now() : OffsetDateTime.parse(at).toInstant();
        } catch (DateTimeException e) {
            throw Failure.usage("\"" + at + "\" is not a moment; write 2026-12-05T23:00:00+01:00");
        }
    }

    private void print(Explanation answer, Optional<Denied> refusal, Loaded loaded, List<String> roles) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Map<String, @Nullable Object> all = new LinkedHashMap<>();
            all.put("verdict", answer.verdict());
            all.put("allowed", answer.allowed());
            all.put("kind", answer.kind());
            all.put("detail", answer.detail());
            all.put("roles", roles);
            all.put("rules", answer.lines().stream().map(PolicyExplain::fields).toList());
            answer.grantedQos().ifPresent(qos -> all.put("qos", qos.level()));
            Optional<String> running = running();
            all.put(
                    "revision",
                    running.flatMap(one -> counted(one, loaded))
                            .or(() -> revision(loaded))
                            .orElse(null));
            all.put("signature", signature(loaded));
            running.ifPresent(one -> all.put("in_force", counted(one, loaded).isPresent()));
            running.ifPresent(one -> all.put("broker", one));
            all.put("digest", loaded.digest());
            out.println(Json.pretty(all));
            return;
        }
        out.println(verdict(answer));
        for (Explanation.Line line : answer.lines()) {
            out.printf(
                    "  %-6s %-28s role %-14s %s%s%n",
                    line.deny() ? "deny" : "allow",
                    line.pattern(),
                    line.role(),
                    line.place(),
                    line.note().isEmpty()
                            ? ""
                            : (line.note().startsWith(Explanation.DECIDES) ? "   ← " : "   ") + line.note());
        }
        if (answer.lines().isEmpty() && !answer.allowed() && refusal.isEmpty()) {
            out.println("  no rule speaks of it; nothing is allowed unless a rule allows it");
        }
        out.println("  roles of " + (user.isEmpty() ? "it" : user) + ": "
                + (roles.isEmpty() ? "none" : String.join(", ", roles)));
        Optional<String> running = running();
        if (running.isPresent()) {
            boolean inForce = counted(running.get(), loaded).isPresent();
            out.println(
                    inForce
                            ? "  policy " + running.get() + "   (in force)"
                            : "  policy sha256:" + loaded.digest() + "   (not in force; the broker has " + running.get()
                                    + ")");
            return;
        }
        out.println("  policy "
                + revision(loaded).map(number -> "revision " + number + " ").orElse("") + "sha256:"
                + loaded.digest()
                + switch (signature(loaded)) {
                    case VERIFIED -> "";
                    case CLAIMED -> "   (its signature is not checked without --verify-key)";
                    default -> "   (not signed: no revision)";
                });
    }

    /** {@code revision 42 sha256:9f3c…}: what a running broker has in force; empty: none was to be asked. */
    private Optional<String> running() {
        return configuration.map(file ->
                String.valueOf(PolicyDiffer.ask(file, "status", Map.of()).get("policy_in_force")));
    }

    /** By which number a broker counts what was loaded here; empty: it has another policy. */
    private static Optional<Long> counted(String running, Loaded loaded) {
        return running.endsWith(" sha256:" + loaded.digest())
                ? Optional.of(Long.parseLong(running.split(" ")[1]))
                : Optional.empty();
    }

    /** As it was signed; without a key to verify it with, as the manifest beside these files claims. */
    private Optional<Long> revision(Loaded loaded) {
        return loaded.revision().or(loaded::claimedRevision);
    }

    private String signature(Loaded loaded) {
        return loaded.revision().isPresent()
                ? VERIFIED
                : loaded.claimedRevision().isPresent() ? CLAIMED : "none";
    }

    private static String verdict(Explanation answer) {
        if (!answer.kind().isEmpty()) {
            String detail = answer.detail();
            String known = answer.kind() + "; ";
            int more = detail.indexOf(known);
            return answer.verdict() + " (" + answer.kind() + "): "
                    + (more < 0 ? detail : detail.substring(more + known.length()));
        }
        return answer.verdict()
                + answer.grantedQos().map(qos -> "   qos ≤ " + qos.level()).orElse("")
                + (answer.detail().isEmpty() ? "" : "   " + answer.detail());
    }

    private static Map<String, Object> fields(Explanation.Line line) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("effect", line.deny() ? "deny" : "allow");
        fields.put("pattern", line.pattern());
        fields.put("role", line.role());
        fields.put("place", line.place());
        fields.put("note", line.note());
        return fields;
    }
}
