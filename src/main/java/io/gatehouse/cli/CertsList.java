package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.OcspIndex;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code certs list}: what was issued; needs no passphrase. */
@Command(name = "list", description = "List what was issued.", mixinStandardHelpOptions = true)
final class CertsList implements Runnable {
    @Option(
            names = "--expiring",
            paramLabel = CertsTime.LABEL,
            converter = CertsTime.class,
            description = "Active ones that end within a time, such as 30d.")
    private @Nullable Duration expiring;

    @Option(
            names = "--state",
            paramLabel = "STATE",
            description = "pending, active, superseded, held, revoked or expired.")
    private Inventory.@Nullable State state;

    @Option(
            names = "--profile",
            paramLabel = "PROFILE",
            converter = CertsProfileWord.class,
            description = CertsProfileWord.WORDS + ".")
    private @Nullable Profile profile;

    @Option(names = "--id", paramLabel = "PATTERN", description = "With * for any characters, such as 'line-3-*'.")
    private String pattern = "*";

    @Option(
            names = "--where",
            paramLabel = "CONDITION",
            description = "FIELD, one of = != ~ < >, and a value; ~ takes * for any characters, < and > compare times."
                    + " Fields: id, group, profile, state, serial, reason, issued_at, not_after, revoked_at. Such as"
                    + " \"not_after<2030-01-31\". Repeat for more; all have to hold.")
    private List<String> conditions = List.of();

    @Option(names = "--csv", description = "As a table for other programs (RFC 4180).")
    private boolean csv;

    @Option(names = "--index", description = "As the index that `openssl ocsp -index` answers from.")
    private boolean index;

    @Option(names = "--exit-code", description = "End with 9 if the list is not empty; for watchers.")
    private boolean exitCode;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        boolean json = common.json();
        if ((json ? 1 : 0) + (csv ? 1 : 0) + (index ? 1 : 0) > 1) {
            throw Failure.usage("--json, --csv and --index: give one of them");
        }
        Instant now = Clock.systemUTC().instant();
        List<CertsWhere> where =
                conditions.stream().map(one -> CertsWhere.of(one, now)).toList();
        try {
            Pattern ids = CertsWhere.like(pattern);
            Inventory inventory = Authority.view(common.folder());
            List<Inventory.Item> items = inventory.items().stream()
                    .filter(item -> expiring == null || item.expiresWithin(expiring, now))
                    .filter(item -> state == null || item.state(now) == state)
                    .filter(item -> profile == null || item.profile() == profile)
                    .filter(item -> ids.matcher(item.id()).matches())
                    .filter(item -> where.stream().allMatch(one -> one.holds(inventory, item)))
                    .toList();
            if (json) {
                common.out()
                        .println(Json.pretty(items.stream()
                                .map(item -> fields(item, inventory.groupOf(item), now))
                                .toList()));
            } else if (index) {
                items.forEach(item -> common.out().println(OcspIndex.line(item)));
            } else if (csv) {
                common.out().println("id,profile,state,serial,issued_at,not_after,revoked_at,reason,group");
                items.forEach(item -> common.out().println(cells(item, inventory.groupOf(item), now)));
            } else {
                items.forEach(item -> common.out()
                        .printf(
                                "%-10s  %-13s  %-24s  %s  %s%n",
                                item.state(now).word(),
                                item.profile().word(),
                                item.id(),
                                item.notAfter(),
                                item.serial().toString(16)));
                common.out().println(items.size() + (items.size() == 1 ? " certificate" : " certificates"));
                common.out().println("next: gatehouse certs inspect ID -d " + common.folder());
            }
            if (exitCode && !items.isEmpty()) {
                throw Failure.of(
                        CertsCommand.FINDINGS, items.size() + " of them; renew with: gatehouse certs renew ID");
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    /** Ids, words and groups need no quoting. */
    private static String cells(Inventory.Item item, String group, Instant now) {
        return String.join(
                ",",
                item.id(),
                item.profile().word(),
                item.state(now).word(),
                item.serial().toString(16),
                item.issuedAt().toString(),
                item.notAfter().toString(),
                item.revokedAt() == null ? "" : item.revokedAt().toString(),
                item.reason() == null ? "" : item.reason().word(),
                group);
    }

    private static Map<String, Object> fields(Inventory.Item item, String group, Instant now) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", item.id());
        fields.put("profile", item.profile().word());
        if (!group.isEmpty()) {
            fields.put("group", group);
        }
        fields.put("state", item.state(now).word());
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
