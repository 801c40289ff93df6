package io.gatehouse.cli;

import io.gatehouse.authn.JwtAlgorithm;
import io.gatehouse.authn.JwtIssuer;
import io.gatehouse.authn.JwtStep;
import io.gatehouse.authn.KeySource;
import io.gatehouse.authn.TokenReport;
import io.gatehouse.authn.Unusable;
import io.gatehouse.config.Quantity;
import io.gatehouse.protocol.Secret;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse token verify}: the broker's checklist, line by line. */
@Command(
        name = "verify",
        description = {
            "Walk the broker's checklist over a token and say which line refuses it.",
            "Exit code 0: the broker would take it; 1: it would not."
        },
        mixinStandardHelpOptions = true)
final class TokenVerify implements Callable<Integer> {
    @Option(names = "--keys", required = true, paramLabel = "FILE", description = "The issuer's key set.")
    private Path keys;

    @Option(names = "--iss", required = true, paramLabel = "ISSUER", description = "What 'iss' must be.")
    private String issuer;

    @Option(names = "--aud", required = true, paramLabel = "AUDIENCE", description = "What 'aud' must hold.")
    private String audience;

    @Option(
            names = "--algs",
            split = ",",
            paramLabel = "ALG",
            defaultValue = "EdDSA,ES256",
            description = "The algorithms the issuer may use (default EdDSA,ES256).")
    private List<String> algorithms;

    @Option(
            names = "--user-claim",
            paramLabel = "CLAIM",
            defaultValue = "sub",
            description = "The claim that is the user name (default sub).")
    private String userClaim;

    @Option(names = "--typ", paramLabel = "TYPE", description = "What 'typ' must be, such as at+jwt (default: any).")
    private @Nullable String type;

    @Option(
            names = "--max-lifetime",
            paramLabel = "DURATION",
            defaultValue = "1d",
            description = "The longest time from 'iat' to 'exp' (default 1d).")
    private String maxLifetime;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "TOKEN-FILE",
            description = "The file that holds the token; standard input without one.")
    private @Nullable Path token;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        TokenReport report = report(SecretInput.token(Optional.ofNullable(token), System.in));
        for (JwtStep step : report.steps()) {
            out.printf(
                    "%-7s %-11s %s%n",
                    step.passed() ? "ok" : "REFUSED", step.check().word(), step.text());
        }
        out.println(report.accepted() ? "the broker would take this token" : "the broker would refuse this token");
        return report.accepted() ? ExitCode.DONE : ExitCode.FINDINGS;
    }

    private TokenReport report(Secret secret) {
        List<JwtAlgorithm> allowed = new ArrayList<>();
        for (String name : algorithms) {
            allowed.add(JwtAlgorithm.of(name)
                    .orElseThrow(() -> Failure.usage("'--algs " + name + "' is no algorithm for tokens")));
        }
        Duration longest = Quantity.duration(maxLifetime)
                .filter(duration -> !duration.isZero())
                .orElseThrow(() ->
                        Failure.usage("'--max-lifetime " + maxLifetime + "' is no duration such as 10m, 1h or 1d"));
        try {
            JwtIssuer rules = new JwtIssuer(
                    issuer,
                    new KeySource.File(keys),
                    Set.of(audience),
                    allowed,
                    userClaim,
                    type,
                    JwtIssuer.DEFAULT_SKEW,
                    longest);
            return TokenReport.of(rules, secret, Clock.systemUTC());
        } catch (Unusable | IllegalArgumentException e) {
            throw Failure.usage(String.valueOf(e.getMessage()));
        }
    }
}
