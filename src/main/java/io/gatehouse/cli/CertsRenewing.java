package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Renewal;
import io.gatehouse.pki.RevocationReason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code renew} and {@code rekey} share. */
final class CertsRenewing {
    private static final int MAX_SAID = 8;

    @Parameters(paramLabel = "ID", arity = "0..*", description = "Whose.")
    private List<String> ids = List.of();

    @Option(
            names = "--all-expiring",
            paramLabel = CertsTime.LABEL,
            converter = CertsTime.class,
            description = "All that end within a time, such as 30d.")
    private @Nullable Duration expiring;

    @Option(
            names = "--revoke-old",
            description = "Revoke the old certificate at once (superseded), and publish the list.")
    private boolean revokeOld;

    @Option(
            names = "--overlap",
            paramLabel = CertsTime.LABEL,
            converter = CertsTime.class,
            description =
                    "Accept the old certificate beside the new one for a time, such as 7d; the first certs crl after"
                            + " that (or the broker's enrolment, or certs serve) revokes it.")
    private @Nullable Duration overlap;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Mixin
    private CertsIssuing issuing = new CertsIssuing();

    void run(boolean sameKey) {
        if (ids.isEmpty() == (expiring == null)) {
            throw Failure.usage("say whose, or --all-expiring TIME");
        }
        if (overlap != null) {
            if (revokeOld) {
                throw Failure.usage("--revoke-old and --overlap: give one of them");
            }
            CertsTime.require("--overlap", overlap, Duration.ofHours(1), Duration.ofDays(366));
        }
        try (CertsReport report = common.report();
                Authority authority = common.open()) {
            issuing.forms().read(common);
            if (sameKey) {
                issuing.forms().requireNoKey(common);
            }
            Instant now = Clock.systemUTC().instant();
            List<Inventory.Item> old = new ArrayList<>();
            for (String id : ids) {
                old.add(last(authority.inventory().byId(id), id));
            }
            if (expiring != null) {
                Duration time = expiring;
                authority.inventory().items().stream()
                        .filter(item -> item.expiresWithin(time, now))
                        .forEach(old::add);
                requireFolders(old);
            }
            issuing.requireRoomFor(old.size());
            for (Inventory.Item item : old) {
                issuing.requirePlace(common, authority, item.profile(), item.id());
            }
            Renewal renewal = new Renewal(authority);
            for (Inventory.Item item : old) {
                Issued issued = renewal.renew(item, issuing.validity(authority, item.profile()), sameKey);
                Map<String, Object> made = issuing.write(common, authority, issued, report);
                made.put("renewed", item.serial().toString(16));
                report.add("certificates", made);
            }
            if (old.isEmpty()) {
                report.put("certificates", List.of());
                report.say("nothing ends so soon");
                report.next("gatehouse certs list -d " + common.folder());
                return;
            }
            if (revokeOld) {
                authority.revoke(old, RevocationReason.SUPERSEDED);
                authority.publishRevocations(Authority.LIST_VALIDITY).forEach(report::wrote);
                report.next("put the new files in the place of the old ones, which are revoked");
            } else if (overlap != null) {
                Instant end = now.plus(overlap).truncatedTo(ChronoUnit.SECONDS);
                authority.retire(old, end);
                report.put("oldAcceptedUntil", end.toString());
                report.say(
                        "the old ones are accepted until " + end + ", and revoked by the first certs crl after that");
                report.next("put the new files in the place of the old ones; run daily: gatehouse certs crl -d "
                        + common.folder());
            } else {
                report.next("put the new files in the place of the old ones, then: gatehouse certs revoke"
                        + old.stream()
                                .map(item -> " --serial " + item.serial().toString(16))
                                .limit(MAX_SAID)
                                .collect(Collectors.joining())
                        + (old.size() > MAX_SAID ? " ..." : "") + " --reason superseded -d " + common.folder());
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    /** What is a device and a server by one name has one folder for the files of both. */
    private static void requireFolders(List<Inventory.Item> items) {
        Map<String, Inventory.Item> byId = new HashMap<>();
        for (Inventory.Item item : items) {
            Inventory.Item other = byId.put(item.id(), item);
            if (other != null) {
                throw Failure.usage(
                        "\"" + item.id() + "\" is a " + other.profile().word() + " and a "
                                + item.profile().word() + ", and the files of both would go to out/" + item.id()
                                + "; issue one of them anew, with --out");
            }
        }
    }

    private static Inventory.Item last(List<Inventory.Item> items, String id) {
        if (items.isEmpty()) {
            throw Failure.of(5, "\"" + id + "\" has no certificate here. See them all with: gatehouse certs list");
        }
        // what was made and could not be written was revoked so: the one before is in force still
        List<Inventory.Item> kept = items.stream()
                .filter(item -> item.reason() != RevocationReason.SUPERSEDED)
                .toList();
        return kept.isEmpty() ? items.get(items.size() - 1) : kept.get(kept.size() - 1);
    }
}
