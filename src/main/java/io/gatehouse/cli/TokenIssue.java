package io.gatehouse.cli;

import io.gatehouse.authn.SigningKey;
import io.gatehouse.authn.Unusable;
import io.gatehouse.config.Quantity;
import io.gatehouse.json.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gatehouse token issue}: the token goes to standard output and nothing else does. */
@Command(
        name = "issue",
        description = "Sign a token, for development; in production an identity provider does.",
        mixinStandardHelpOptions = true)
final class TokenIssue implements Callable<Integer> {
    @Option(names = "--key", required = true, paramLabel = "FILE", description = "The private key of 'token keygen'.")
    private Path key;

    @Option(names = "--iss", required = true, paramLabel = "ISSUER", description = "The issuer (iss).")
    private String issuer;

    @Option(names = "--aud", required = true, paramLabel = "AUDIENCE", description = "For whom it is (aud).")
    private String audience;

    @Option(names = "--user", required = true, paramLabel = "USER", description = "The user name (sub).")
    private String user;

    @Option(
            names = "--expires",
            paramLabel = "DURATION",
            defaultValue = "1h",
            description = "How long it is good, such as 90s, 10m, 1h or 1d (default 1h).")
    private String lifetime;

    @Option(
            names = "--claim",
            paramLabel = "NAME=VALUE",
            description = "A further claim; a value that is JSON is taken as JSON, any other as text. May be repeated.")
    private Map<String, String> claims = new LinkedHashMap<>();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Duration life = Quantity.duration(lifetime)
                .filter(duration -> !duration.isZero())
                .orElseThrow(() -> Failure.usage("'--expires " + lifetime + "' is no duration such as 10m, 1h or 1d"));
        Instant now = Instant.now();
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("iss", issuer);
        all.put("sub", user);
        all.put("aud", audience);
        all.put("iat", now.getEpochSecond());
        all.put("exp", now.plus(life).getEpochSecond());
        claims.forEach((name, value) -> all.put(name, value(value)));
        try {
            spec.commandLine().getOut().println(SigningKey.read(key).sign(all));
            return ExitCode.DONE;
        } catch (Unusable e) {
            throw Failure.usage(e.getMessage());
        }
    }

    private static Object value(String text) {
        try {
            Object json = Json.read(text);
            return json == null ? text : json;
        } catch (Json.NotJson e) {
            return text;
        }
    }
}
