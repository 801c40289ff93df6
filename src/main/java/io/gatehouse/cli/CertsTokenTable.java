package io.gatehouse.cli;

import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.FileFault;
import io.gatehouse.pki.Fleet;
import io.gatehouse.pki.FleetTokens;
import io.gatehouse.pki.PkiProblem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/** A token for each device of a table, into another table: {@code token new --count}, {@code batch --token-only}. Stateless. */
final class CertsTokenTable {
    private CertsTokenTable() {}

    /** Refuses, before there is a token to lose, what is there already and what cannot be written. */
    static void requirePlace(Path out) {
        if (Files.exists(out)) {
            throw Failure.of(3, out + ": is there already; name another");
        }
        requireFolder(out);
    }

    static void requireFolder(Path out) {
        Path folder = out.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder)) {
            throw Failure.of(3, out + ": nothing can be written there; make the folder, or name another");
        }
    }

    /** What would be made. */
    static void check(Authority authority, Fleet fleet, CertsCommon common, CertsReport report) throws PkiProblem {
        FleetTokens.check(authority, fleet);
        tellOfSerials(fleet, common);
        report.put("of", fleet.rows().size());
        report.put("dryRun", true);
        report.say(fleet.rows().size() + " devices, all can have a token; none was made");
        report.next("the same without --dry-run");
    }

    private static void tellOfSerials(Fleet fleet, CertsCommon common) {
        long with = FleetTokens.withSerial(fleet);
        if (with > 0) {
            common.warn("the serial_number of " + with + " is not taken over: who enrols gets a certificate without");
        }
    }

    static void write(Authority authority, Fleet fleet, Path out, Duration time, CertsCommon common, CertsReport report)
            throws PkiProblem {
        List<String> ids = fleet.rows().stream().map(Fleet.Row::id).toList();
        String end = Clock.systemUTC().instant().plus(time).toString();
        List<String> tokens = FleetTokens.make(authority, fleet, time);
        tellOfSerials(fleet, common);
        StringBuilder lines = new StringBuilder("id,token,end\n");
        for (int i = 0; i < ids.size(); i++) {
            lines.append(ids.get(i) + "," + tokens.get(i) + "," + end + "\n");
        }
        try {
            AtomicFiles.writePrivate(out, lines.toString().getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw Failure.of(
                    1,
                    out + ": cannot be written: " + FileFault.why(e)
                            + ". The tokens are lost; make others, these end by themselves");
        }
        report.put("of", ids.size());
        report.put("tokens", ids.size());
        report.put("end", end);
        report.file(out);
        report.say("wrote " + ids.size() + " tokens into " + out + " (0600: who reads it can enrol)");
        report.next("give each device its own, then remove the file");
    }
}
