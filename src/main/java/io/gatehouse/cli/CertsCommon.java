package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.AuthorityFolder;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.TornTail;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What every command of an authority takes: its folder and its passphrase. */
final class CertsCommon {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = {"-d", "--dir"},
            paramLabel = "DIR",
            defaultValue = "pki",
            description = "The authority's folder; default: ${DEFAULT-VALUE}.")
    private Path folder = Path.of("pki");

    @Option(names = "--json", description = "As one JSON document, instead of lines for people.")
    private boolean json;

    @Mixin
    private CertsPassphrase passphrase = new CertsPassphrase();

    Path folder() {
        return folder;
    }

    AuthorityFolder places() {
        return new AuthorityFolder(folder);
    }

    CertsPassphrase passphrase() {
        return passphrase;
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** Whether a program reads the answer. */
    boolean json() {
        return json;
    }

    /** What the command did; closed when it ends. */
    CertsReport report() {
        return new CertsReport(out(), json);
    }

    /** What to do next, for people, where what is printed is one thing that a script takes. */
    void hint(String text) {
        if (!json) {
            err().println("next: " + text);
        }
    }

    /** A fault of many, in the form of errors. */
    void error(String code, String text) {
        err().println("certs: error[" + code + "] " + text);
    }

    /** Something to know that does not stop the command. */
    void warn(String text) {
        err().println("certs: warning: " + text);
    }

    /** The folder, for a command that only reads it: what a crash left at the end of the journal is named. */
    Path folderToRead() throws PkiProblem {
        tornTail();
        return folder;
    }

    /** Names what a crash left at the end of the journal, if it did. */
    Optional<TornTail> tornTail() throws PkiProblem {
        Optional<TornTail> tail = TornTail.of(folder);
        tail.ifPresent(one -> warn(one.said()));
        return tail;
    }

    Authority open() throws PkiProblem {
        if (!Authority.exists(folder)) { // before a passphrase is asked for
            Authority.view(folder);
        }
        return open(passphrase.existing(folder));
    }

    /** Says where it set aside what a crash left at the end of the journal, if it did. */
    Authority open(char[] secret) throws PkiProblem {
        Authority authority = Authority.open(folder, secret, Clock.systemUTC());
        authority.takeAside().ifPresent(torn -> warn(TornTail.setAside(torn)));
        return authority;
    }

    /** For what needs no key, or needs it only after it changed something: the passphrase is tried before. */
    Authority unlock() throws PkiProblem {
        Authority authority = open();
        try {
            authority.requirePassphrase();
            return authority;
        } catch (PkiProblem e) {
            authority.close();
            throw e;
        }
    }
}
