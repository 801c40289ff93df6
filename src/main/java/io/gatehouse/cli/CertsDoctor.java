package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.CryptoInventory;
import io.gatehouse.pki.Doctor;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Roll;
import io.gatehouse.pki.StoredPassphrase;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code certs doctor}: whether an authority's folder is well. */
@Command(
        name = "doctor",
        description =
                "Check an authority's folder: modes, clock, journal, validity, keys, revocation lists, profiles, left-overs."
                        + " Ends with 9 if something is to be mended. Whether a key is its certificate's is seen if the"
                        + " passphrase is where nobody has to type it; nobody is asked. Two reports for auditors go besides.",
        mixinStandardHelpOptions = true)
final class CertsDoctor implements Runnable {
    private static final List<String> COLUMNS = List.of(
            "kind",
            "name",
            "use",
            "algorithm",
            "bits",
            "signature",
            "state",
            "not_after",
            "serial",
            "protection",
            "place");

    @Option(
            names = "--crypto-inventory",
            description =
                    "Instead: every key and certificate of the authority, with algorithm, size, use, end, protection and"
                            + " place, as a table (CSV) or with --json. For PCI DSS 4.2.1.1 and 12.3.3, say.")
    private boolean inventory;

    @Option(
            names = "--cra",
            description =
                    "Instead: how Gatehouse stands to each item of Annex I of the Cyber Resilience Act (Regulation (EU)"
                            + " 2024/2847), and what is left to you. Needs no authority.")
    private boolean cra;

    @Option(
            names = "--rebuild",
            description =
                    "Instead: make the index anew, which lists are read from, of the whole journal. Needs no passphrase.")
    private boolean rebuild;

    /** Whether there was a passphrase to try. */
    private boolean opened;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        if (Stream.of(inventory, cra, rebuild).filter(given -> given).count() > 1) {
            throw Failure.usage("--crypto-inventory, --cra and --rebuild: give one of them");
        }
        if (cra) {
            cra();
            return;
        }
        try {
            if (inventory) {
                inventory();
                return;
            }
            if (rebuild) {
                rebuild();
                return;
            }
            List<String> findings = findings();
            if (common.json()) {
                common.out().println(Json.pretty(findings));
            } else {
                findings.forEach(common.out()::println);
            }
            if (!findings.isEmpty()) {
                throw Failure.of(CertsCommand.FINDINGS, findings.size() + " to be mended in " + common.folder());
            }
            if (!common.json()) {
                common.out().println(common.folder() + ": all is well");
                if (!opened) {
                    common.out()
                            .println("whether its keys are those of its certificates is seen with the passphrase only");
                }
                common.out().println("keys and signatures are made by " + Doctor.maker());
                common.out().println("next: gatehouse certs lint --all -d " + common.folder());
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    private List<String> findings() throws PkiProblem {
        Optional<char[]> passphrase = Optional.empty();
        Optional<String> fault = Optional.empty();
        try {
            passphrase = common.passphrase().given(common.folder());
            opened = passphrase.isPresent();
        } catch (PkiProblem e) {
            if (common.passphrase().isNamed()) {
                throw e;
            }
            fault = Optional.of(String.valueOf(e.getMessage())); // of what lies about: one more finding
        }
        try {
            List<String> findings = new ArrayList<>(
                    Doctor.examine(common.folder(), Clock.systemUTC().instant(), passphrase));
            String file = StoredPassphrase.NAME + ":";
            boolean known = findings.stream()
                    .anyMatch(
                            one -> one.startsWith(common.folder().resolve(file).toString()));
            fault.filter(text -> !known).ifPresent(findings::add);
            return findings;
        } finally {
            passphrase.ifPresent(secret -> Arrays.fill(secret, '\0'));
        }
    }

    private void rebuild() throws PkiProblem {
        try (CertsReport report = common.report()) {
            Roll.Rebuilt made = Roll.rebuild(common.folder());
            report.wrote(
                    made.file(), made.certificates() + " certificates of " + made.lines() + " lines of the journal");
            report.put("certificates", made.certificates());
            report.put("lines", made.lines());
            report.next("gatehouse certs list -d " + common.folder());
        }
    }

    /** Row by row, as there may be a million. */
    private void inventory() throws PkiProblem {
        if (!common.json()) {
            common.out().println(String.join(",", COLUMNS));
            CryptoInventory.of(
                    common.folderToRead(),
                    Clock.systemUTC().instant(),
                    row -> common.out()
                            .println(String.join(
                                    ",",
                                    cells(row).stream().map(CertsDoctor::quoted).toList())));
            return;
        }
        List<String> separator = new ArrayList<>(List.of("["));
        CryptoInventory.of(common.folderToRead(), Clock.systemUTC().instant(), row -> {
            Map<String, Object> fields = new LinkedHashMap<>();
            List<String> cells = cells(row);
            for (int i = 0; i < COLUMNS.size(); i++) {
                fields.put(COLUMNS.get(i), cells.get(i));
            }
            fields.put("bits", row.bits());
            common.out().print(separator.get(0) + "\n" + Json.line(fields));
            separator.set(0, ",");
        });
        common.out().println("\n]"); // there is a root in every authority
    }

    private static List<String> cells(CryptoInventory.Row row) {
        return List.of(
                row.kind(),
                row.name(),
                row.use(),
                row.algorithm(),
                row.bits() == 0 ? "" : Integer.toString(row.bits()),
                row.signature(),
                row.state(),
                row.end(),
                row.serial(),
                row.protection(),
                row.place());
    }

    private static String quoted(String cell) {
        return cell.matches("[^\",\r\n]*") ? cell : "\"" + cell.replace("\"", "\"\"") + "\"";
    }

    private void cra() {
        if (common.json()) {
            Map<String, Object> whole = new LinkedHashMap<>();
            whole.put("about", CraReport.CAVEAT);
            whole.put("items", CraReport.read());
            common.out().println(Json.pretty(whole));
            return;
        }
        common.out().println(CraReport.CAVEAT);
        for (CraReport.Item item : CraReport.items()) {
            common.out().println();
            common.out().println("Annex I, part " + item.item() + ": " + item.asks() + " [" + item.standing() + "]");
            common.out().println("  Gatehouse: " + item.does());
            common.out().println("  you:       " + item.operator());
            common.out().println("  shown by:  " + String.join(", ", item.proof()));
        }
        common.out().println();
        common.out().println("next: gatehouse check, which names what your configuration chose otherwise");
    }
}
