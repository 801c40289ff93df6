package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.RevocationReason;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code certs revoke}: no longer accepted, from now on. */
@Command(
        name = "revoke",
        description = "Revoke certificates, and publish the lists that brokers read.",
        mixinStandardHelpOptions = true)
final class CertsRevoke implements Runnable {
    @Parameters(paramLabel = "ID", arity = "0..*", description = "Every certificate of these holders.")
    private List<String> ids = List.of();

    @Option(names = "--serial", paramLabel = "HEX", description = "The certificate with this number; repeat for more.")
    private List<String> serials = List.of();

    @Option(
            names = "--reason",
            defaultValue = "unspecified",
            description = "unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation,"
                    + " privilegeWithdrawn; default: ${DEFAULT-VALUE}.")
    private String reason = "unspecified";

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        if (ids.isEmpty() && serials.isEmpty()) {
            throw Failure.usage("say whose certificate, or --serial HEX");
        }
        RevocationReason why = RevocationReason.find(reason)
                .orElseThrow(() -> Failure.usage("unknown reason \"" + reason + "\"; see --help"));
        try (Authority authority = common.open()) {
            List<Inventory.Item> items = new ArrayList<>();
            for (String id : ids) {
                List<Inventory.Item> found = authority.inventory().byId(id);
                if (found.isEmpty()) {
                    throw Failure.of(5, "\"" + id + "\" has no certificate here; nothing was revoked");
                }
                items.addAll(found);
            }
            for (String serial : serials) {
                items.add(authority
                        .inventory()
                        .bySerial(number(serial))
                        .orElseThrow(() -> Failure.of(5, "no certificate " + serial + " here; nothing was revoked")));
            }
            List<Inventory.Item> revoked = authority.revoke(items, why);
            revoked.forEach(item -> common.out()
                    .println("revoked " + item.profile().word() + " \"" + item.id() + "\", serial "
                            + item.serial().toString(16)));
            if (revoked.isEmpty()) {
                common.out().println("revoked before; nothing changed but the lists, which are fresh now");
            }
            authority
                    .publishRevocations(Authority.LIST_VALIDITY)
                    .forEach(file -> common.out().println("wrote " + file));
            common.out()
                    .println("next: in gatehouse.yaml, tls: {crl: "
                            + common.places().revocationListPem("device") + "}");
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    private static BigInteger number(String hex) {
        String plain = hex.replace(":", "");
        if (!plain.matches("[0-9A-Fa-f]{1,40}")) {
            throw Failure.usage("\"" + hex + "\" is not a serial number in hex");
        }
        return new BigInteger(plain, 16);
    }
}
