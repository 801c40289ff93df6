package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Csr;
import io.gatehouse.pki.Draft;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.Labels;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import io.gatehouse.pki.Request;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code certs device}: a client's key and certificate. */
@Command(
        name = "device",
        description = "Make a device's key and certificate; with --admin, an administrator's.",
        mixinStandardHelpOptions = true)
final class CertsDevice implements Runnable {
    static final String NEXT = "mosquitto_pub --cafile DIR/ca.pem --cert DIR/cert.pem --key DIR/key.pem -h localhost"
            + " -p 8883 -t TOPIC -m MESSAGE";

    @Parameters(paramLabel = "ID", description = "Its name: the CN, and {id} of the URI that init was told.")
    private String id = "";

    @Option(names = "--admin", description = "For a person who administers; {profile} of the URI says so.")
    private boolean admin;

    @Option(
            names = "--factory",
            description =
                    "Without an end (the profile idevid): for a certificate that a device gets in the factory and uses to"
                            + " enrol. The authority's own end still ends it wherever the whole chain is looked at.")
    private boolean factory;

    @Option(names = "--serial-number", paramLabel = "SN", description = "The manufacturer's number of the device.")
    private @Nullable String serialNumber;

    @Option(
            names = "--csr",
            paramLabel = "FILE",
            description =
                    "Certify the key of this request (PEM or DER), which the device made and keeps, instead of making"
                            + " one; as certs sign does. A common name in it has to be the ID.")
    private @Nullable Path request;

    @Option(
            names = "--san-uri",
            paramLabel = "URI",
            description =
                    "In its certificates from now on, in the place of the one that the authority's template makes. It"
                            + " is this device's for ever, and never what the template makes of another.")
    private @Nullable String uri;

    @Option(
            names = "--group",
            paramLabel = "NAME",
            description = "What certs list --where group=NAME finds it by; it stands in no certificate.")
    private @Nullable String group;

    @Option(names = "--replace", description = "Although it has a certificate that is valid.")
    private boolean replace;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Mixin
    private CertsIssuing issuing = new CertsIssuing();

    @Override
    public void run() {
        if (admin && factory) {
            throw Failure.usage("--admin and --factory: a person has no certificate without an end");
        }
        Profile profile = admin ? Profile.ADMINISTRATOR : factory ? Profile.IDEVID : Profile.DEVICE;
        if (request != null && issuing.key() != null) {
            throw Failure.usage("--algo: the key of a request is made already");
        }
        try {
            Optional<Csr> csr = request == null ? Optional.empty() : Optional.of(Csr.read(request));
            issuing.forms().read(common);
            if (csr.isPresent()) {
                issuing.forms().requireNoKey(common);
            }
            try (Authority authority = common.open()) {
                issue(authority, profile, csr);
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    private void issue(Authority authority, Profile profile, Optional<Csr> csr) throws PkiProblem {
        Duration validity = issuing.validity(authority, profile);
        if (factory) {
            common.warn("this certificate has no end; if its key is lost, only revocation ends it");
        }
        issuing.requirePlace(common, authority, profile, id);
        if (csr.isEmpty()) {
            Draft draft = Draft.client(id, validity, serialNumber).with(new Labels(uri, group));
            issuing.write(common, authority, authority.issue(profile, draft, issuing.key(), replace), NEXT);
            return;
        }
        Request asked = csr.get()
                .request(profile, Optional.of(id), validity)
                .withDeviceSerial(serialNumber)
                .with(new Labels(uri, group));
        Issued issued = authority.certify(profile.permit(asked, authority.profiles()), replace);
        CertsSign.say(common, issuing, authority, issued, csr.get().dropped(profile));
    }
}
