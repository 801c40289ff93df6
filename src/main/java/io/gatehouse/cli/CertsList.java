package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code certs list}: what was issued; needs no passphrase. */
@Command(name = "list", description = "List what was issued.", mixinStandardHelpOptions = true)
final class CertsList implements Runnable {
    @Option(names = "--expiring", paramLabel = "DAYS", description = "Active ones that end within so many days.")
    private @Nullable Integer expiring;

    @Option(names = "--state", description = "${COMPLETION-CANDIDATES}.")
    private Inventory.@Nullable State state;

    @Option(names = "--profile", description = "${COMPLETION-CANDIDATES}.")
    private @Nullable Profile profile;

    @Option(names = "--id", paramLabel = "PATTERN", description = "With * for any characters, such as 'line-3-*'.")
    private String pattern = "*";

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Option(names = "--exit-code", description = "End with 9 if the list is not empty; for watchers.")
    private boolean exitCode;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        Instant now = Clock.systemUTC().instant();
        try {
            Pattern ids = Pattern.compile(List.of(pattern.split("\\*", -1)).stream()
                    .map(Pattern::quote)
                    .collect(Collectors.joining(".*")));
            List<Inventory.Item> items = Authority.view(common.folder()).items().stream()
                    .filter(item -> expiring == null || item.expiresWithin(Duration.ofDays(expiring), now))
                    .filter(item -> state == null || item.state(now) == state)
                    .filter(item -> profile == null || item.profile() == profile)
                    .filter(item -> ids.matcher(item.id()).matches())
                    .toList();
            if (json) {
                common.out()
                        .println(Json.pretty(
                                items.stream().map(item -> fields(item, now)).toList()));
            } else {
                items.forEach(item -> common.out()
                        .printf(
                                "%-10s  %-13s  %-24s  %s  %s%n",
                                word(item.state(now)),
                                item.profile().word(),
                                item.id(),
                                item.notAfter(),
                                item.serial().toString(16)));
                common.out().println(items.size() + (items.size() == 1 ? " certificate" : " certificates"));
            }
            if (exitCode && !items.isEmpty()) {
                throw Failure.of(
                        CertsCommand.FINDINGS, items.size() + " of them; renew with: gatehouse certs renew ID");
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    private static String word(Inventory.State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private static Map<String, Object> fields(Inventory.Item item, Instant now) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", item.id());
        fields.put("profile", item.profile().word());
        fields.put("state", word(item.state(now)));
        fields.put("serial", item.serial().toString(16));
        fields.put("issuedAt", item.issuedAt().toString());
        fields.put("notAfter", item.notAfter().toString());
        if (item.revokedAt() != null && item.reason() != null) {
            fields.put("revokedAt", item.revokedAt().toString());
            fields.put("reason", item.reason().word());
        }
        return fields;
    }
}
