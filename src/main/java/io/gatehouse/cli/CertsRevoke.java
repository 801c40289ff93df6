package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.RevocationReason;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
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
    private static final String SERIAL_PREFIX = "serial:";

    @Parameters(paramLabel = "ID", arity = "0..*", description = "Every certificate of these holders.")
    private List<String> ids = List.of();

    @Option(names = "--serial", paramLabel = "HEX", description = "The certificate with this number; repeat for more.")
    private List<String> serials = List.of();

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description =
                    "A list: an id a line, or serial:HEX; # begins a comment. Either all of it is known, or nothing is"
                            + " revoked.")
    private @Nullable Path file;

    @Option(
            names = "--reason",
            paramLabel = "REASON",
            defaultValue = "unspecified",
            description = "unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation,"
                    + " privilegeWithdrawn; default: ${DEFAULT-VALUE}.")
    private String reason = "unspecified";

    @Option(
            names = "--publish",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description =
                    "Sign and write the lists, which is the default; --no-publish is for many commands in a row, with"
                            + " certs crl after the last. A broker that follows the journal knows at once either way.")
    private boolean publish = true;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        if (ids.isEmpty() && serials.isEmpty() && file == null) {
            throw Failure.usage("say whose certificate, or --serial HEX, or --file LIST");
        }
        RevocationReason why = RevocationReason.find(reason)
                .orElseThrow(() -> Failure.usage("unknown reason \"" + reason + "\"; see --help"));
        try (CertsReport report = common.report();
                Authority authority = common.open()) {
            List<Inventory.Item> items = new ArrayList<>();
            for (String id : names(SERIAL_PREFIX, false, ids)) {
                List<Inventory.Item> found = authority.inventory().byId(id);
                if (found.isEmpty()) {
                    throw Failure.of(5, "\"" + id + "\" has no certificate here; nothing was revoked");
                }
                items.addAll(found);
            }
            for (String serial : names(SERIAL_PREFIX, true, serials)) {
                items.add(authority
                        .inventory()
                        .bySerial(number(serial))
                        .orElseThrow(() -> Failure.of(5, "no certificate " + serial + " here; nothing was revoked")));
            }
            List<Inventory.Item> revoked = authority.revoke(items, why);
            report.put("reason", why.word());
            report.put("revoked", revoked.stream().map(CertsRevoke::fields).toList());
            revoked.forEach(item -> report.say("revoked " + item.profile().word() + " \"" + item.id() + "\", serial "
                    + item.serial().toString(16)));
            if (!publish) {
                report.say(
                        revoked.isEmpty()
                                ? "revoked before; nothing changed"
                                : "journalled; a broker that reads lists does not know yet");
                report.next("gatehouse certs crl -d " + common.folder());
                return;
            }
            if (revoked.isEmpty()) {
                report.say("revoked before; nothing changed but the lists, which are fresh now");
            }
            authority.publishRevocations(Authority.LIST_VALIDITY).forEach(report::wrote);
            report.next("in gatehouse.yaml, tls: {crl: " + common.places().revocationListPem("device") + "}");
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    /** What was given, and those lines of the list that begin so, or do not. */
    private List<String> names(String prefix, boolean begins, List<String> given) {
        List<String> all = new ArrayList<>(given);
        if (file == null) {
            return all;
        }
        try {
            for (String line : Files.readAllLines(file)) {
                String name = line.replaceFirst("#.*", "").trim();
                if (!name.isEmpty() && name.startsWith(prefix) == begins) {
                    all.add(begins ? name.substring(prefix.length()).trim() : name);
                }
            }
            return all;
        } catch (NoSuchFileException e) {
            throw Failure.of(5, file + ": no such file");
        } catch (IOException e) {
            throw Failure.of(3, file + ": cannot be read: " + e.getMessage());
        }
    }

    static Map<String, Object> fields(Inventory.Item item) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", item.id());
        fields.put("profile", item.profile().word());
        fields.put("serial", item.serial().toString(16));
        return fields;
    }

    private static BigInteger number(String hex) {
        String plain = hex.replace(":", "");
        if (!plain.matches("[0-9A-Fa-f]{1,40}")) {
            throw Failure.usage("\"" + hex + "\" is not a serial number in hex");
        }
        return new BigInteger(plain, 16);
    }
}
