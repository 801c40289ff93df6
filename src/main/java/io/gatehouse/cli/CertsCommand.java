package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse certs}: the authority and what it issues. */
@Command(
        name = "certs",
        description = "Issue and look at certificates.",
        mixinStandardHelpOptions = true,
        subcommands = {
            CertsCommand.Init.class,
            CertsCommand.Server.class,
            CertsCommand.Device.class,
            CertsInspect.class,
            CertsVerify.class
        },
        footer = {
            "",
            "Exit codes: 0 done; 1 internal; 2 usage; 3 input invalid, nothing changed; 4 refused by a rule; 5 not found;",
            "6 the authority is in use; 7 wrong passphrase; 10 a file was changed or is damaged."
        })
final class CertsCommand implements Runnable {
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

    /** What every subcommand of the authority takes. */
    static final class Common {
        @Option(
                names = {"-d", "--dir"},
                paramLabel = "DIR",
                defaultValue = "pki",
                description = "The authority's folder; default: ${DEFAULT-VALUE}.")
        private Path folder = Path.of("pki");

        @Mixin
        private CertsPassphrase passphrase = new CertsPassphrase();

        Path folder() {
            return folder;
        }

        Authority open() {
            try {
                return Authority.open(folder, passphrase.existing(folder), Clock.systemUTC());
            } catch (PkiProblem e) {
                throw failure(e);
            }
        }
    }

    /** {@code certs init}. */
    @Command(
            name = "init",
            description = "Make an authority: a root, and under it one authority for devices and one for servers.",
            mixinStandardHelpOptions = true)
    static final class Init implements Runnable {
        @Spec
        private CommandSpec spec;

        @Mixin
        private Common common = new Common();

        @Option(
                names = "--org",
                paramLabel = "NAME",
                defaultValue = "Gatehouse",
                description = "The organisation in every name; default: ${DEFAULT-VALUE}.")
        private String organisation = "Gatehouse";

        @Override
        public void run() {
            Path folder = common.folder();
            try (Authority authority =
                    Authority.create(folder, organisation, common.passphrase.fresh(folder), Clock.systemUTC())) {
                Path trust = folder.resolve("trust");
                AtomicFiles.makePrivateFolder(trust);
                AtomicFiles.writePublic(trust.resolve("root.pem"), ascii(Pem.of(authority.root())));
                AtomicFiles.writePublic(trust.resolve("device-ca.pem"), ascii(Pem.of(authority.deviceIssuer())));
                spec.commandLine().getOut().println("made the authority in " + folder);
                spec.commandLine().getOut().println("  devices and servers are checked against trust/root.pem");
                spec.commandLine().getOut().println("  a broker takes trust/device-ca.pem as client_ca: devices only");
                spec.commandLine()
                        .getOut()
                        .println("next: gatehouse certs server broker --dns localhost -d " + folder + " --out tls");
            } catch (PkiProblem e) {
                throw failure(e);
            } catch (IOException e) {
                throw Failure.of(1, folder + ": cannot be written: " + e.getMessage());
            }
        }

        private static byte[] ascii(String text) {
            return text.getBytes(StandardCharsets.US_ASCII);
        }
    }

    /** What issuing takes. */
    static final class Issuing {
        @Option(
                names = "--validity",
                paramLabel = "DAYS",
                defaultValue = "397",
                description = "Days it is valid; default: ${DEFAULT-VALUE}.")
        private int days = 397;

        @Option(
                names = {"-o", "--out"},
                paramLabel = "DIR",
                description = "The folder for cert.pem, key.pem and ca.pem; default: out/ID in the authority's folder.")
        private @org.jspecify.annotations.Nullable Path out;

        @Option(names = "--json", description = "Print what was made as JSON.")
        private boolean json;

        Duration validity() {
            return Duration.ofDays(days);
        }

        void write(CommandSpec spec, Common common, Issued issued, String next) throws IOException {
            Path folder = out != null ? out : common.folder().resolve("out").resolve(issued.id());
            issued.writeTo(folder);
            Map<String, Object> made = new LinkedHashMap<>();
            made.put("id", issued.id());
            made.put("profile", issued.profile().word());
            made.put("serial", issued.certificate().getSerialNumber().toString(16));
            made.put("notAfter", issued.certificate().getNotAfter().toInstant().toString());
            made.put("certificate", folder.resolve("cert.pem").toString());
            made.put("key", folder.resolve("key.pem").toString());
            made.put("ca", folder.resolve("ca.pem").toString());
            if (json) {
                spec.commandLine().getOut().println(Json.pretty(made));
                return;
            }
            spec.commandLine()
                    .getOut()
                    .println("made " + made.get("certificate") + ", " + made.get("key") + " and " + made.get("ca")
                            + " for "
                            + issued.profile().word() + " \"" + issued.id() + "\", serial " + made.get("serial")
                            + ", valid until " + made.get("notAfter"));
            spec.commandLine().getOut().println("next: " + next.replace("DIR", folder.toString()));
        }
    }

    /** {@code certs server}. */
    @Command(name = "server", description = "Make a server's key and certificate.", mixinStandardHelpOptions = true)
    static final class Server implements Runnable {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "NAME", description = "What it is called in lists; a host name is as good as any.")
        private String name = "";

        @Option(names = "--dns", paramLabel = "HOST", description = "A host name that clients use; repeat for more.")
        private List<String> dns = List.of();

        @Option(names = "--ip", paramLabel = "ADDRESS", description = "An address that clients use; repeat for more.")
        private List<String> ips = List.of();

        @Mixin
        private Common common = new Common();

        @Mixin
        private Issuing issuing = new Issuing();

        @Override
        public void run() {
            try (Authority authority = common.open()) {
                Issued issued = authority.issue(Profile.SERVER, name, dns, ips, issuing.validity());
                issuing.write(
                        spec, common, issued, "in gatehouse.yaml, tls: {certificate: DIR/cert.pem, key: DIR/key.pem}");
            } catch (PkiProblem e) {
                throw failure(e);
            } catch (IOException e) {
                throw Failure.of(1, "cannot be written: " + e.getMessage());
            }
        }
    }

    /** {@code certs device}. */
    @Command(
            name = "device",
            description = "Make a device's key and certificate; with --admin, an administrator's.",
            mixinStandardHelpOptions = true)
    static final class Device implements Runnable {
        @Spec
        private CommandSpec spec;

        @Parameters(
                paramLabel = "ID",
                description = "Its name: the CN, and the last part of its URI urn:gatehouse:device:ID.")
        private String id = "";

        @Option(names = "--admin", description = "For a person who administers, urn:gatehouse:administrator:ID.")
        private boolean admin;

        @Option(names = "--replace", description = "Although it has a certificate that is valid.")
        private boolean replace;

        @Mixin
        private Common common = new Common();

        @Mixin
        private Issuing issuing = new Issuing();

        @Override
        public void run() {
            Profile profile = admin ? Profile.ADMINISTRATOR : Profile.DEVICE;
            try (Authority authority = common.open()) {
                Issued issued = replace
                        ? authority.replace(profile, id, issuing.validity())
                        : authority.issue(profile, id, List.of(), List.of(), issuing.validity());
                issuing.write(
                        spec,
                        common,
                        issued,
                        "mosquitto_pub --cafile DIR/ca.pem --cert DIR/cert.pem --key DIR/key.pem -h HOST -p 8883 -t TOPIC -m"
                                + " MESSAGE");
            } catch (PkiProblem e) {
                throw failure(e);
            } catch (IOException e) {
                throw Failure.of(1, "cannot be written: " + e.getMessage());
            }
        }
    }
}
