package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Draft;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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
    @Parameters(
            paramLabel = "NAME",
            arity = "0..1",
            description = "What it is called in lists; a host name is as good as any. With --for-config, by default the"
                    + " first name of each; of several by one name, the second is NAME-LISTENER.")
    private @Nullable String name;

    @Option(
            names = "--dns",
            paramLabel = "HOST",
            split = ",",
            description = "A host name that clients use; repeat for more.")
    private List<String> dns = List.of();

    @Option(
            names = "--ip",
            paramLabel = "ADDRESS",
            split = ",",
            description = "An address that clients use; repeat for more.")
    private List<String> ips = List.of();

    @Option(
            names = "--node",
            description =
                    "For both ends of the connections between nodes. It does not log in to a broker: those take the"
                            + " certificates of the device authority.")
    private boolean node;

    @Option(
            names = "--for-config",
            paramLabel = "FILE",
            description =
                    "Read the broker's configuration: for every listener with TLS (and enrolment, and each name of sni)"
                            + " make a certificate for its names, or the address it is bound to, and write it and its key where the"
                            + " configuration names them. --dns and --ip add names. What another authority issued is not overwritten.")
    private @Nullable Path configuration;

    @Option(
            names = "--install",
            paramLabel = "DIR",
            description =
                    "Copy cert.pem, key.pem (0600), ca.pem and client-ca.pem into this folder of a broker's, each whole"
                            + " or not at all, as files of whom the folder belongs to. A broker that runs takes them by itself.")
    private @Nullable Path install;

    @Option(
            names = "--allow-wildcard",
            description =
                    "Let --dns have wildcards, such as *.mqtt.example.com: one stolen key is then all these servers.")
    private boolean wildcards;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Mixin
    private CertsIssuing issuing = new CertsIssuing();

    @Override
    public void run() {
        Profile profile = node ? Profile.NODE : Profile.SERVER;
        if (configuration != null && (install != null || node || issuing.hasOut())) {
            throw Failure.usage(
                    "--for-config says where the files go and what they are: no --out, --install or --node");
        }
        if (configuration == null && name == null) {
            throw Failure.usage("Missing required parameter: 'NAME' (or --for-config FILE)");
        }
        List<CertsInstalling.Wanted> wanted = configuration == null
                ? List.of()
                : CertsInstalling.wanted(configuration, Optional.ofNullable(name), dns, ips);
        try (CertsReport report = common.report();
                Authority authority = common.open()) {
            issuing.forms().read(common);
            CertsInstalling installing = new CertsInstalling(authority, report);
            if (configuration == null) {
                one(authority, profile, installing, report);
                return;
            }
            wanted.forEach(one -> installing.requireOurs(one.place().certificate()));
            wanted.forEach(one -> installing.requireRoom(one.place()));
            for (CertsInstalling.Wanted one : wanted) {
                Draft draft = one.draft(issuing.validity(authority, profile), wildcards);
                Issued issued = authority.issue(profile, draft, issuing.key(), true);
                installing.place(one, issued, (it, made) -> issuing.tellOfEnd(common, it, made));
            }
            report.next("gatehouse check -c " + configuration);
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    private void one(Authority authority, Profile profile, CertsInstalling installing, CertsReport report)
            throws PkiProblem {
        if (install != null) {
            installing.requireOurs(install.resolve("cert.pem"));
        }
        if (install != null) {
            CertsPlace.requireRoom(install);
        }
        String called = Objects.requireNonNull(name);
        issuing.requirePlace(common, authority, profile, called);
        Draft draft = Draft.server(called, dns, ips, issuing.validity(authority, profile))
                .withWildcards(wildcards);
        Issued issued = authority.issue(profile, draft, issuing.key(), true);
        issuing.write(common, authority, issued, report).forEach(report::put);
        Path folder = issuing.folder(common, issued);
        if (install != null) {
            installing.copy(issued, install);
            report.next("in gatehouse.yaml, tls: " + settings(install, install.resolve("client-ca.pem")));
        } else {
            report.next("in gatehouse.yaml, tls: "
                    + settings(folder, common.places().trustedDeviceIssuer()));
        }
    }

    private static String settings(Path folder, Path clientCa) {
        return "{certificate: " + folder.resolve("cert.pem") + ", key: " + folder.resolve("key.pem") + ", client_ca: "
                + clientCa + "}";
    }
}
