package io.gatehouse.cli;

import io.gatehouse.pki.PkiProblem;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code gatehouse certs}: the authority and what it issues. */
@Command(
        name = "certs",
        description = "Issue, renew, revoke and look at certificates.",
        mixinStandardHelpOptions = true,
        subcommands = {
            CertsInit.class,
            CertsServer.class,
            CertsDevice.class,
            CertsOcsp.class,
            CertsBatch.class,
            CertsSign.class,
            CertsRenew.class,
            CertsRekey.class,
            CertsRevoke.class,
            CertsCrl.class,
            CertsList.class,
            CertsInspect.class,
            CertsVerify.class,
            CertsLint.class,
            CertsExport.class,
            CertsToken.class,
            CertsServe.class,
            CertsProfile.class,
            CertsAudit.class,
            CertsDoctor.class,
            CertsBackup.class,
            CertsRestore.class
        },
        footer = {
            "",
            "Exit codes: 0 done; 1 internal; 2 usage; 3 input invalid, nothing changed; 4 refused by a rule; 5 not found;",
            "6 the authority is in use; 7 wrong passphrase; 8 a fleet was issued in part; 9 findings;",
            "10 a file was changed or is damaged."
        })
final class CertsCommand implements Runnable {
    /** A fleet was issued in part. */
    static final int PARTIAL = 8;

    /** Something is expiring, or breaks a rule. */
    static final int FINDINGS = 9;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** The documented code of a problem, and its one line. */
    static Failure failure(PkiProblem problem) {
        int code = switch (problem.kind()) {
            case INPUT -> 3;
            case POLICY -> 4;
            case NOT_FOUND -> 5;
            case LOCKED -> 6;
            case PASSPHRASE -> 7;
            case CORRUPT -> 10;
            case IO -> 1;
        };
        return Failure.of(code, String.valueOf(problem.getMessage()));
    }
}
