package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Draft;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code certs ocsp-signer}: a key and certificate that signs answers about certificates. */
@Command(
        name = "ocsp-signer",
        description = "Make the key and certificate of an OCSP responder (RFC 6960): short-lived, for answers about the"
                + " certificates of one of the two authorities.",
        mixinStandardHelpOptions = true)
final class CertsOcsp implements Runnable {
    @Parameters(paramLabel = "NAME", description = "What it is called in lists.")
    private String name = "";

    @Option(
            names = "--for",
            paramLabel = "devices|servers",
            defaultValue = "devices",
            description = "Whose certificates it answers about; default: ${DEFAULT-VALUE}.")
    private String whose = "devices";

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Mixin
    private CertsIssuing issuing = new CertsIssuing();

    @Override
    public void run() {
        if (!whose.equals("devices") && !whose.equals("servers")) {
            throw Failure.usage("--for is devices or servers, found \"" + whose + "\"");
        }
        boolean devices = whose.equals("devices");
        Profile profile = devices ? Profile.OCSP_DEVICE : Profile.OCSP_SERVER;
        try (Authority authority = common.open()) {
            issuing.forms().read(common);
            issuing.requirePlace(common, authority, profile, name);
            issuing.write(
                    common,
                    authority,
                    authority.issue(
                            profile,
                            Draft.client(name, issuing.validity(authority, profile), null),
                            issuing.key(),
                            true),
                    "gatehouse certs list --index -d " + common.folder()
                            + " > index.txt; openssl ocsp -index index.txt -port 8888 -rsigner DIR/cert.pem -rkey DIR/key.pem -CA "
                            + common.places().certificateOf(devices ? "device" : "server"));
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}
