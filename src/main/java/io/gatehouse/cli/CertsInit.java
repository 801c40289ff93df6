package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.AuthorityFolder;
import io.gatehouse.pki.AuthorityOptions;
import io.gatehouse.pki.ImportedRoot;
import io.gatehouse.pki.KeyDerivation;
import io.gatehouse.pki.NameConstraint;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.StoredPassphrase;
import java.io.Console;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
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
    private static final int MAX_SHOWN = 5;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Option(
            names = "--org",
            paramLabel = "NAME",
            defaultValue = "Gatehouse",
            description = "The organisation in every name; default: ${DEFAULT-VALUE}.")
    private String organisation = "Gatehouse";

    @Option(
            names = "--country",
            paramLabel = "CC",
            description = "The country in the names of the three authorities, two letters; default: none.")
    private String country = "";

    @Option(
            names = "--kdf",
            paramLabel = "KDF",
            defaultValue = "scrypt",
            description =
                    "How the authorities' keys are encrypted with the passphrase: scrypt, or pbkdf2 (HMAC-SHA256, 600,000"
                            + " times), for rules that know no other and for the openssl program. Default: ${DEFAULT-VALUE}.")
    private String derivation = "scrypt";

    @Option(
            names = "--san-uri",
            paramLabel = "TEMPLATE",
            description = "The URI in clients' certificates, with {profile} and {id}; \"none\" leaves it out, and the"
                    + " user name is then the common name. Default: " + AuthorityOptions.DEFAULT_URI + ".")
    private @Nullable String uriTemplate;

    @Option(
            names = "--trust-domain",
            paramLabel = "DOMAIN",
            description = "The same as --san-uri spiffe://DOMAIN/{profile}/{id}.")
    private @Nullable String trustDomain;

    @Option(
            names = "--root-offline",
            paramLabel = "DIR",
            description = "Put the root's key there, on a medium that is locked away, instead of beside the others.")
    private @Nullable Path offline;

    @Option(
            names = "--algo",
            paramLabel = "KIND",
            description =
                    "Of all three keys: p256, p384, rsa3072 or rsa4096. Default: p384 for the root, p256 for the two"
                            + " others, which every device verifies fast.")
    private @Nullable String algorithm;

    @Option(
            names = "--root-validity",
            paramLabel = CertsTime.LABEL,
            converter = CertsTime.class,
            description = "How long the root is valid, such as 20y or 7300d; default: 20y.")
    private @Nullable Duration rootValidity;

    @Option(
            names = "--import-root",
            paramLabel = "CERT [KEY]",
            arity = "1..2",
            hideParamSyntax = true,
            description =
                    "A root that is there already (PEM or DER), to stand above the two authorities; its key (PEM) comes"
                            + " second, or as --import-root-key. The key is used once, and not kept.")
    private List<Path> imported = List.of();

    @Option(names = "--import-root-key", paramLabel = "KEY", description = "The key of that root, PEM.")
    private @Nullable Path keyFile;

    @Option(
            names = "--import-root-passphrase-file",
            paramLabel = "FILE",
            description =
                    "The passphrase of that key, if it is encrypted: the first line of a file only its owner reads.")
    private @Nullable Path importedPassphrase;

    @Option(
            names = "--name-constraints",
            paramLabel = "dns:DOMAIN|ip:NETWORK",
            split = ",",
            description =
                    "What the authority of servers may certify, such as dns:example.com,ip:10.0.0.0/8, with all below;"
                            + " where no network is named, no address. Default: everything. The extension is critical:"
                            + " clients of mbedTLS (ESP-IDF, Arduino) then refuse the authority whole.")
    private List<String> constraints = List.of();

    @Option(
            names = "--generate-passphrase",
            description =
                    "Make a passphrase and keep it in the file \"passphrase\" (0600) in the authority's folder, so that"
                            + " nothing is asked. Whoever can read the folder can then sign.")
    private boolean generate;

    @Option(
            names = {"-y", "--yes"},
            description =
                    "Where you would be asked whether to go on, go on: the folder holds other files, say. What is refused"
                            + " stays refused, and a passphrase is never made up.")
    private boolean yes;

    @Override
    public void run() {
        Path folder = common.folder();
        Path importedRoot = imported.isEmpty() ? null : imported.get(0);
        Path importedKey = imported.size() > 1 ? imported.get(1) : keyFile;
        if (imported.size() > 1 && keyFile != null || imported.size() > 2) {
            throw Failure.usage("--import-root: one certificate and one key");
        }
        AuthorityOptions options = AuthorityOptions.of(organisation)
                .withCountry(country)
                .withDerivation(KeyDerivation.ofWord(derivation)
                        .orElseThrow(() ->
                                Failure.usage("unknown --kdf \"" + derivation + "\"; there are scrypt and pbkdf2")))
                .withUriTemplate(template());
        if (offline != null) {
            options = options.withRootKeyFolder(offline);
        }
        if (algorithm != null) {
            options = options.withKeys(CertsIssuing.kind(algorithm));
        }
        if (rootValidity != null) {
            options = options.withRootValidity(rootValidity);
        }
        if ((importedRoot == null) != (importedKey == null)) {
            throw Failure.usage("--import-root and --import-root-key go together");
        }
        if (importedRoot != null && (offline != null || rootValidity != null)) {
            throw Failure.usage(
                    "--import-root: the root is made already; --root-offline and --root-validity are for new ones");
        }
        try {
            if (importedRoot != null && importedKey != null) {
                char[] opens = importedPassphrase == null ? new char[0] : StoredPassphrase.read(importedPassphrase);
                options = options.withRoot(ImportedRoot.of(importedRoot, importedKey, opens));
            }
            if (!constraints.isEmpty()) {
                options = options.withHosts(NameConstraint.of(constraints));
            }
            options.requirePossible(folder, Clock.systemUTC());
            requireOwnFolder(common.places());
            char[] passphrase = common.passphrase().fresh(folder, generate);
            try (CertsReport report = common.report();
                    Authority authority = Authority.create(folder, options, passphrase, Clock.systemUTC())) {
                if (!constraints.isEmpty()) {
                    common.warn("clients of mbedTLS (ESP-IDF, Arduino) cannot read name constraints and refuse this"
                            + " authority's servers; it is for fleets without them");
                    report.put("nameConstraints", constraints);
                }
                say(authority, report);
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    /** An authority among other files is one in a wrong folder, more often than not. */
    private void requireOwnFolder(AuthorityFolder places) throws PkiProblem {
        List<String> others = places.others();
        if (yes || others.isEmpty()) {
            return;
        }
        String shown = others.stream().limit(MAX_SHOWN).collect(Collectors.joining(", "))
                + (others.size() > MAX_SHOWN ? " and " + (others.size() - MAX_SHOWN) + " more" : "");
        String fact = places.path() + " holds other files: " + shown;
        Console console = Terminal.console()
                .orElseThrow(() -> Failure.of(3, fact + ". Name a folder of its own with --dir, or say --yes"));
        String typed = console.readLine("%s%nMake the authority there all the same? [y/N] ", fact);
        if (!"y".equalsIgnoreCase(Objects.requireNonNullElse(typed, "").trim())) {
            throw Failure.usage("nothing was made");
        }
    }

    private void say(Authority authority, CertsReport report) {
        AuthorityFolder places = authority.folder();
        report.say("made the authority in " + places.path());
        report.say("  devices and other clients trust " + places.trustedRoot());
        report.say("  a broker takes " + places.trustedDeviceIssuer() + " as client_ca: clients only, never servers");
        report.put("folder", places.path().toString());
        report.put("organisation", authority.inventory().organisation());
        report.put("trustedRoot", places.trustedRoot().toString());
        report.put("clientCa", places.trustedDeviceIssuer().toString());
        Map<String, X509Certificate> authorities = new LinkedHashMap<>();
        authorities.put("root", authority.root());
        authorities.put("device", authority.deviceIssuer());
        authorities.put("server", authority.serverIssuer());
        authorities.forEach((name, certificate) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("name", name);
            one.put("serial", certificate.getSerialNumber().toString(16));
            one.put("notAfter", certificate.getNotAfter().toInstant().toString());
            report.add("authorities", one);
            report.file(places.certificateOf(name));
            if (!name.equals("root") || offline == null && imported.isEmpty()) {
                report.file(places.keyOf(name));
            }
        });
        if (offline != null) {
            report.file(offline.resolve("root.key"));
            report.say("  the root's key is " + offline.resolve("root.key") + ": lock it away");
        }
        report.next("gatehouse certs server broker --dns localhost -d " + places.path() + " --out tls");
    }

    private String template() {
        if (trustDomain == null) {
            return uriTemplate == null ? AuthorityOptions.DEFAULT_URI : uriTemplate.equals("none") ? "" : uriTemplate;
        }
        if (uriTemplate != null) {
            throw Failure.usage("--san-uri and --trust-domain: give one of them");
        }
        if (!trustDomain.matches("[a-z0-9._-]{1,255}")) {
            throw Failure.usage("--trust-domain \"" + trustDomain + "\" is not a domain such as acme.example");
        }
        return "spiffe://" + trustDomain + "/{profile}/{id}";
    }
}
