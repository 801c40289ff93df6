package io.gatehouse.cli;

import io.gatehouse.pki.PkiProblem;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code gatehouse certs}: the authority and what it issues. */
@Command(
        name = "certs",
        description = "Issue, renew, revoke and look at certificates.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Exit codes: 0 done; 1 internal; 2 usage; 3 input invalid, nothing changed; 4 refused by a rule; 5 not found;",
            "6 the authority is in use; 7 wrong passphrase; 8 a fleet was issued in part; 9 findings;",
            "10 a file was changed or is damaged.",
            "Errors are lines such as: certs: error[CSV_DUP_ID] fleet.csv:41: id \"pump-7\" is on line 12 already"
        })
final class CertsCommand implements Runnable {
    static final List<Class<?>> COMMANDS = List.of(
            CertsInit.class,
            CertsServer.class,
            CertsDevice.class,
            CertsOcsp.class,
            CertsBatch.class,
            CertsSign.class,
            CertsRenew.class,
            CertsRekey.class,
            CertsRevoke.class,
            CertsRelease.class,
            CertsCrl.class,
            CertsList.class,
            CertsInspect.class,
            CertsVerify.class,
            CertsLint.class,
            CertsExport.class,
            CertsToken.class,
            CertsRequest.class,
            CertsServe.class,
            CertsProfile.class,
            CertsAudit.class,
            CertsDoctor.class,
            CertsBackup.class,
            CertsRestore.class);

    /** Here 3 says that an input is invalid. */
    static final int INTERNAL = 1;

    /** A fleet was issued in part. */
    static final int PARTIAL = 8;

    /** Something is expiring, or breaks a rule. */
    static final int FINDINGS = 9;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description =
                    "Show the stack trace of an internal error, as GATEHOUSE_DEBUG=1 does; other errors have none.")
    private boolean debug;

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
        if (problem.faults().isEmpty()) {
            return Failure.coded(code, problem.kind().name(), String.valueOf(problem.getMessage()));
        }
        // a line each, as if each had been printed alone
        String first = problem.faults().get(0).code();
        String text = problem.faults().stream()
                .map(fault -> "certs: error[" + fault.code() + "] " + fault.text())
                .collect(Collectors.joining("\n"));
        return Failure.coded(code, first, text.substring(text.indexOf("] ") + 2));
    }

    /** Whether somebody wants to see the stack trace of a broken world. */
    static boolean isDebugged(CommandLine line) {
        for (CommandLine one = line; one != null; one = one.getParent()) {
            if (one.getCommand() instanceof CertsCommand certs) {
                return certs.debug;
            }
        }
        return false;
    }

    /** Whether a command is one of these, whose errors have codes. */
    static boolean isOneOf(CommandLine line) {
        return line.getCommandSpec().qualifiedName().startsWith("gatehouse certs");
    }

    /** {@code certs: error[CODE] }, where nothing more exact is known the code of the exit. */
    static String prefix(Failure failure) {
        String code = !failure.code().isEmpty()
                ? failure.code()
                : switch (failure.exitCode()) {
                    case 2 -> "USAGE";
                    case 3 -> "INPUT";
                    case 4 -> "POLICY";
                    case 5 -> "NOT_FOUND";
                    case 6 -> "LOCKED";
                    case 7 -> "PASSPHRASE";
                    case PARTIAL -> "PARTIAL";
                    case FINDINGS -> "FINDINGS";
                    case 10 -> "CORRUPT";
                    default -> "IO";
                };
        return "certs: error[" + code + "] ";
    }
}
