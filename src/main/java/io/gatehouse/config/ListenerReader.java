package io.gatehouse.config;

import io.gatehouse.config.Configuration.ClientCertificate;
import io.gatehouse.config.Configuration.ClientKey;
import io.gatehouse.config.Configuration.Combination;
import io.gatehouse.config.Configuration.Listener;
import io.gatehouse.config.Configuration.Login;
import io.gatehouse.config.Configuration.Renew;
import io.gatehouse.config.Configuration.ServerName;
import io.gatehouse.config.Configuration.Tls;
import io.gatehouse.config.Configuration.TlsProfile;
import io.gatehouse.config.Configuration.TlsProvider;
import io.gatehouse.config.Configuration.Validity;
import io.gatehouse.config.Configuration.WebSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Reads one entry of {@code listeners}. Plaintext takes a word of its own, and its acknowledgement. */
final class ListenerReader {
    private static final List<String> VERSIONS = List.of("3.1", "3.1.1", "5.0");
    private static final String MAX_VALIDITY = "max_validity";
    private static final Duration LONGEST_VALIDITY = Duration.ofDays(36_500); // of a century: more is as good as none
    private static final String EXPIRY_GRACE = "expiry_grace";
    private static final Duration LONGEST_GRACE = Duration.ofDays(7); // for a late renewal, not for none

    private final Section section;
    private final List<Problem> problems;

    ListenerReader(Section section, List<Problem> problems) {
        this.section = section;
        this.problems = problems;
    }

    Listener read(String name) {
        boolean insecure = section.has("insecure");
        Optional<String> acknowledgement =
                insecure ? section.section("insecure", below -> below.optionalText("acknowledge")) : none("insecure");
        if (insecure && acknowledgement.isEmpty()) {
            section.error("insecure", "plaintext needs insecure: {acknowledge: \"why this network is safe\"}");
        }
        if (insecure && section.has("tls")) {
            section.error("insecure", "a listener is either insecure or has tls, not both");
        }
        if (!insecure && !section.has("tls")) {
            problems.add(Problem.error(
                    section.place(), "listener \"" + name + "\" needs tls: {certificate: ..., key: ...}"));
        }
        Login login = login(name);
        Optional<Tls> tls =
                section.has("tls") ? Optional.of(section.section("tls", below -> tls(below, login))) : none("tls");
        Optional<WebSocket> websocket = section.has("websocket")
                ? Optional.of(section.section("websocket", this::websocket))
                : none("websocket");
        List<String> versions = section.texts("versions", VERSIONS);
        versions.stream()
                .filter(version -> !VERSIONS.contains(version))
                .forEach(version -> section.error(
                        "versions", "version \"" + version + "\" is not one of " + String.join(", ", VERSIONS)));
        if (!section.has("port")) {
            problems.add(Problem.error(section.place(), "listener \"" + name + "\" needs a port"));
        }
        return new Listener(
                name,
                section.text("bind", insecure ? "127.0.0.1" : "*"),
                section.integer("port", 0, 65_535, 0),
                tls,
                websocket,
                acknowledgement,
                login,
                versions,
                section.integer("max_connections", 1, 10_000_000, 100_000),
                section.place());
    }

    private <T> Optional<T> none(String key) {
        return none(section, key);
    }

    private static <T> Optional<T> none(Section section, String key) {
        section.raw(key);
        return Optional.empty();
    }

    private Optional<Renew> renew(Section below) {
        Optional<Path> authority = below.path("authority");
        Optional<Path> passphrase = below.path("passphrase_file");
        if (authority.isEmpty() || passphrase.isEmpty()) {
            problems.add(Problem.error(below.place(), "\"renew\" needs an \"authority\" and a \"passphrase_file\""));
        }
        passphrase.ifPresent(path -> ConfigurationReader.requireFile(below, "passphrase_file", path));
        Duration before = below.duration("before", Duration.ofHours(1), Duration.ofDays(365), Duration.ofDays(30));
        return authority.flatMap(folder -> passphrase.map(file -> new Renew(folder, file, before)));
    }

    private Login login(String name) {
        Yaml.Field field = section.raw("login");
        if (field == null) {
            problems.add(Problem.error(
                    section.place(),
                    "listener \"" + name
                            + "\" needs a login: certificate, password, jwt, {any: [...]} or {all: [...]}"));
            return new Login(Combination.ALL, List.of(), true);
        }
        if (field.value() instanceof Yaml.Text text) {
            section.remember("login", text.text());
            return new Login(Combination.ANY, List.of(text.text()), true);
        }
        return section.section("login", below -> {
            List<String> any = below.texts("any", List.of());
            List<String> all = below.texts("all", List.of());
            below.effective().remove(any.isEmpty() ? "any" : "all");
            boolean sameUser = below.bool("same_user", true);
            if (any.isEmpty() == all.isEmpty()) {
                below.error("any", "login is one of {any: [...]} and {all: [...]}");
            }
            return all.isEmpty()
                    ? new Login(Combination.ANY, any, sameUser)
                    : new Login(Combination.ALL, all, sameUser);
        });
    }

    private Tls tls(Section below, Login login) {
        Path certificate = file(below, "certificate");
        Path key = file(below, "key");
        Optional<Path> clientCa = below.path("client_ca");
        clientCa.ifPresent(path -> ConfigurationReader.requireFile(below, "client_ca", path));
        boolean certificates = login.has("certificate");
        boolean alone =
                login.combination() == Combination.ALL || login.methods().size() == 1;
        ClientCertificate natural = !certificates
                ? ClientCertificate.NONE
                : alone ? ClientCertificate.REQUIRED : ClientCertificate.REQUESTED;
        ClientCertificate wanted = below.choice("client_certificate", ClientCertificate.class, natural);
        if (certificates && wanted == ClientCertificate.NONE) {
            below.error("client_certificate", "login by certificate needs client_certificate: required or requested");
        }
        if (wanted != ClientCertificate.NONE && clientCa.isEmpty()) {
            problems.add(
                    Problem.error(below.place(), "client certificates need a \"client_ca\" that vouches for them"));
        }
        return new Tls(
                certificate,
                key,
                clientCa,
                wanted,
                new RevocationReader(problems).read(below, wanted),
                below.choice("profile", TlsProfile.class, TlsProfile.HARDENED),
                below.choice("provider", TlsProvider.class, TlsProvider.AUTO),
                clientKeys(below),
                validity(below, wanted),
                below.texts("names", List.of()),
                below.bool("ocsp_stapling", false),
                below.has("renew") ? below.section("renew", this::renew) : none(below, "renew"),
                section.has("websocket") ? "http/1.1" : "mqtt",
                below.has("sni") ? below.section("sni", this::serverNames) : noNames(below),
                below.bool("sni_strict", false),
                below.bool("resumption", true));
    }

    private static Validity validity(Section below, ClientCertificate wanted) {
        Optional<Duration> max = below.has(MAX_VALIDITY)
                ? Optional.of(below.duration(MAX_VALIDITY, Duration.ofHours(1), LONGEST_VALIDITY, LONGEST_VALIDITY))
                : none(below, MAX_VALIDITY);
        Validity validity = new Validity(
                below.duration("clock_skew", Duration.ZERO, Duration.ofHours(1), Duration.ZERO),
                max,
                below.duration(EXPIRY_GRACE, Duration.ZERO, LONGEST_GRACE, Duration.ZERO));
        if (wanted == ClientCertificate.NONE) {
            String nothing = "this listener asks for no client certificates, so there is nothing to limit";
            if (max.isPresent()) {
                below.error(MAX_VALIDITY, nothing);
            }
            if (!validity.expiryGrace().isZero()) {
                below.error(EXPIRY_GRACE, nothing);
            }
        }
        return validity;
    }

    private static List<ServerName> noNames(Section below) {
        below.raw("sni");
        return List.of();
    }

    private List<ServerName> serverNames(Section names) {
        List<ServerName> all = new ArrayList<>();
        names.all().keySet().forEach(host -> {
            if (!host.matches("[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")) {
                names.error(host, "\"" + host + "\" is not a host name");
            }
            all.add(names.section(
                    host,
                    "sni." + host,
                    one -> new ServerName(host.toLowerCase(Locale.ROOT), file(one, "certificate"), file(one, "key"))));
        });
        return List.copyOf(all);
    }

    private static Set<ClientKey> clientKeys(Section below) {
        Set<ClientKey> keys = EnumSet.noneOf(ClientKey.class);
        for (String word : below.texts("client_keys", List.of("p256", "p384", "rsa"))) {
            Arrays.stream(ClientKey.values())
                    .filter(key -> key.name().toLowerCase(Locale.ROOT).equals(word))
                    .findFirst()
                    .ifPresentOrElse(
                            keys::add,
                            () -> below.error(
                                    "client_keys", "\"" + word + "\" is not one of p256, p384, p521, rsa, ed25519"));
        }
        return keys;
    }

    private Path file(Section below, String key) {
        Optional<Path> path = below.path(key);
        if (path.isEmpty()) {
            problems.add(Problem.error(below.place(), "tls needs a \"" + key + "\""));
        }
        path.ifPresent(found -> ConfigurationReader.requireFile(below, key, found));
        return path.orElse(Path.of(""));
    }

    private WebSocket websocket(Section below) {
        String path = below.text("path", "/mqtt");
        if (!path.startsWith("/")) {
            below.error("path", "\"" + path + "\" must start with /");
        }
        return new WebSocket(path, below.texts("origins", List.of()));
    }
}
