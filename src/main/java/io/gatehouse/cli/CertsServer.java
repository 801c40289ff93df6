package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code certs server}: a broker's key and certificate. */
@Command(
        name = "server",
        description =
                "Make a server's key and certificate; with --node, one for a node of a cluster, which also calls.",
        mixinStandardHelpOptions = true)
final class CertsServer implements Runnable {
    @Parameters(paramLabel = "NAME", description = "What it is called in lists; a host name is as good as any.")
    private String name = "";

    @Option(names = "--dns", paramLabel = "HOST", description = "A host name that clients use; repeat for more.")
    private List<String> dns = List.of();

    @Option(names = "--ip", paramLabel = "ADDRESS", description = "An address that clients use; repeat for more.")
    private List<String> ips = List.of();

    @Option(
            names = "--node",
            description =
                    "For both ends of the connections between nodes. It does not log in to a broker: those take the"
                            + " certificates of the device authority.")
    private boolean node;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Mixin
    private CertsIssuing issuing = new CertsIssuing();

    @Override
    public void run() {
        Profile profile = node ? Profile.NODE : Profile.SERVER;
        try (Authority authority = common.open()) {
            issuing.write(
                    common,
                    authority.issue(
                            profile, name, dns, ips, issuing.validity(authority, profile), null, issuing.key(), true),
                    "in gatehouse.yaml, tls: {certificate: DIR/cert.pem, key: DIR/key.pem, client_ca: "
                            + common.places().trustedDeviceIssuer() + "}");
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}
