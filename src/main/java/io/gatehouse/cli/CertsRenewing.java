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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code renew} and {@code rekey} share. */
final class CertsRenewing {
    @Parameters(paramLabel = "ID", arity = "0..*", description = "Whose.")
    private List<String> ids = List.of();

    @Option(names = "--all-expiring", paramLabel = "DAYS", description = "All that end within so many days.")
    private @Nullable Integer expiring;

    @Option(
            names = "--revoke-old",
            description = "Revoke the old certificate at once (superseded), and publish the list.")
    private boolean revokeOld;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Mixin
    private CertsIssuing issuing = new CertsIssuing();

    void run(boolean sameKey) {
        if (ids.isEmpty() == (expiring == null)) {
            throw Failure.usage("say whose, or --all-expiring DAYS");
        }
        try (Authority authority = common.open()) {
            Instant now = Clock.systemUTC().instant();
            List<Inventory.Item> old = new ArrayList<>();
            for (String id : ids) {
                old.add(last(authority.inventory().byId(id), id));
            }
            if (expiring != null) {
                Duration time = Duration.ofDays(expiring);
                authority.inventory().items().stream()
                        .filter(item -> item.expiresWithin(time, now))
                        .forEach(old::add);
                requireFolders(old);
            }
            issuing.requireRoomFor(old.size());
            Renewal renewal = new Renewal(authority);
            for (Inventory.Item item : old) {
                Issued issued = renewal.renew(item, issuing.validity(authority, item.profile()), sameKey);
                issuing.write(
                        common,
                        issued,
                        "put the new files in the holder's place, then: gatehouse certs revoke --serial "
                                + item.serial().toString(16) + " --reason superseded -d " + common.folder());
            }
            if (revokeOld && !old.isEmpty()) {
                authority.revoke(old, RevocationReason.SUPERSEDED);
                authority
                        .publishRevocations(Authority.LIST_VALIDITY)
                        .forEach(file -> common.out().println("wrote " + file));
            }
            if (old.isEmpty()) {
                common.out().println("nothing ends so soon");
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
        return items.get(items.size() - 1);
    }
}
