package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Csr;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.Permit;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import io.gatehouse.pki.ProfileBook;
import io.gatehouse.pki.Request;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code certs sign}: a certificate for a key that its holder made and keeps. */
@Command(
        name = "sign",
        description =
                "Certify the key of a certification request (CSR). Only what the profile permits is taken from it.",
        mixinStandardHelpOptions = true)
final class CertsSign implements Runnable {
    @Parameters(paramLabel = "REQUEST", description = "The request, PEM or DER.")
    private Path file = Path.of("");

    @Option(
            names = "--profile",
            paramLabel = "PROFILE",
            converter = CertsProfileWord.class,
            defaultValue = "device",
            description = CertsProfileWord.WORDS + "; default: ${DEFAULT-VALUE}.")
    private Profile profile = Profile.DEVICE;

    @Option(names = "--id", paramLabel = "ID", description = "Whom it is for; default: the request's common name.")
    private @Nullable String id;

    @Option(names = "--replace", description = "Although there is a certificate that is valid.")
    private boolean replace;

    @Option(names = "--show-diff", description = "Say also what was taken from the request.")
    private boolean diff;

    @Option(
            names = "--allow-wildcard",
            description = "Let a server's request have wildcards, such as *.mqtt.example.com.")
    private boolean wildcards;

    @Option(
            names = "--allow-rsa2048",
            description =
                    "Take a device's key of RSA with 2048 bits, which its profile does not: for hardware that can do"
                            + " no better.")
    private boolean rsa2048;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Mixin
    private CertsIssuing issuing = new CertsIssuing();

    @Override
    public void run() {
        try {
            Csr csr = Csr.read(file);
            if (issuing.key() != null) {
                throw Failure.usage("--algo: the key of a request is made already");
            }
            issuing.forms().requireNoKey(common);
            try (Authority authority = common.open()) {
                Request request = csr.request(profile, Optional.ofNullable(id), issuing.validity(authority, profile))
                        .withWildcards(wildcards);
                ProfileBook book = rsa2048 ? authority.profiles().withRsa2048(profile) : authority.profiles();
                Permit permit = profile.permit(request, book);
                if (rsa2048 && permit.hasRsa2048()) {
                    common.warn("its key is RSA with 2048 bits, which is for hardware that can do no better");
                }
                issuing.requirePlace(common, authority, profile, request.id());
                Issued issued = authority.certify(permit, replace);
                if (diff && !common.json()) {
                    csr.taken(profile).forEach(what -> common.out().println("taken from the request: " + what));
                }
                say(common, issuing, authority, issued, csr.dropped(profile));
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    /** What a request did not get is said too. */
    static void say(CertsCommon common, CertsIssuing issuing, Authority authority, Issued issued, List<String> dropped)
            throws PkiProblem {
        dropped.forEach(what -> common.warn("not taken from the request: " + what));
        issuing.write(common, authority, issued, "give DIR/cert.pem and DIR/ca.pem to the holder of the key", dropped);
    }
}
