package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.AuthorityOptions;
import io.gatehouse.pki.PkiProblem;
import java.nio.file.Path;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code certs init}: a new authority. */
@Command(
        name = "init",
        description = "Make an authority: a root, and under it one authority for devices and one for servers.",
        mixinStandardHelpOptions = true)
final class CertsInit implements Runnable {
    @Mixin
    private CertsCommon common = new CertsCommon();

    @Option(
            names = "--org",
            paramLabel = "NAME",
            defaultValue = "Gatehouse",
            description = "The organisation in every name; default: ${DEFAULT-VALUE}.")
    private String organisation = "Gatehouse";

    @Option(
            names = "--san-uri",
            paramLabel = "TEMPLATE",
            defaultValue = AuthorityOptions.DEFAULT_URI,
            description = "The URI in clients' certificates, with {profile} and {id}; \"none\" leaves it out, and the"
                    + " user name is then the common name. Default: ${DEFAULT-VALUE}.")
    private String uriTemplate = AuthorityOptions.DEFAULT_URI;

    @Option(
            names = "--root-offline",
            paramLabel = "DIR",
            description = "Put the root's key there, on a medium that is locked away, instead of beside the others.")
    private @Nullable Path offline;

    @Option(
            names = "--generate-passphrase",
            description =
                    "Make a passphrase and keep it in the file \"passphrase\" (0600) in the authority's folder, so that"
                            + " nothing is asked. Whoever can read the folder can then sign.")
    private boolean generate;

    @Override
    public void run() {
        Path folder = common.folder();
        AuthorityOptions options =
                AuthorityOptions.of(organisation).withUriTemplate(uriTemplate.equals("none") ? "" : uriTemplate);
        if (offline != null) {
            options = options.withRootKeyFolder(offline);
        }
        try {
            if (Authority.exists(folder)) {
                throw Failure.of(3, folder + ": holds an authority already; it is never overwritten");
            }
            char[] passphrase = common.passphrase().fresh(folder, generate);
            try (Authority authority = Authority.create(folder, options, passphrase, Clock.systemUTC())) {
                common.out()
                        .println("made the authority in " + authority.folder().path());
                common.out()
                        .println("  devices and other clients trust "
                                + common.places().trustedRoot());
                common.out()
                        .println("  a broker takes " + common.places().trustedDeviceIssuer()
                                + " as client_ca: clients only, never servers");
                common.out().println("next: gatehouse certs server broker --dns localhost -d " + folder + " --out tls");
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}
