package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Doctor;
import io.gatehouse.pki.PkiProblem;
import java.time.Clock;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code certs doctor}: whether an authority's folder is well. */
@Command(
        name = "doctor",
        description =
                "Check an authority's folder: modes, journal, validity, revocation lists, left-overs. Ends with 9 if"
                        + " something is to be mended.",
        mixinStandardHelpOptions = true)
final class CertsDoctor implements Runnable {
    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        try {
            List<String> findings =
                    Doctor.examine(common.folder(), Clock.systemUTC().instant());
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
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}
