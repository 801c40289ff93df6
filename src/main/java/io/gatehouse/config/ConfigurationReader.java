package io.gatehouse.config;

import io.gatehouse.config.Configuration.Audit;
import io.gatehouse.config.Configuration.CertificateLogin;
import io.gatehouse.config.Configuration.Combination;
import io.gatehouse.config.Configuration.Durability;
import io.gatehouse.config.Configuration.Enrolment;
import io.gatehouse.config.Configuration.JwtLogin;
import io.gatehouse.config.Configuration.Limits;
import io.gatehouse.config.Configuration.Listener;
import io.gatehouse.config.Configuration.Login;
import io.gatehouse.config.Configuration.OnRevoke;
import io.gatehouse.config.Configuration.PasswordLogin;
import io.gatehouse.config.Configuration.PasswordMin;
import io.gatehouse.config.Configuration.Penalty;
import io.gatehouse.config.Configuration.PolicyProfile;
import io.gatehouse.config.Configuration.RequireTests;
import io.gatehouse.config.Configuration.Sessions;
import io.gatehouse.config.Configuration.Storage;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code gatehouse.yaml}: every key, its type and its default stand here, in the order of the file.
 *
 * <p>All problems of the file are found in one run, sorted by place; with any error there is no configuration.
 */
public final class ConfigurationReader {
    private static final Set<String> METHODS = Set.of("certificate", "password", "jwt", "none");
    private static final Set<String> USER_SOURCES = Set.of(
            "cert.san.uri", "cert.san.dns", "cert.san.email", "cert.cn", "cert.subject", "cert.serial", "cert.sha256");
    private static final Duration YEAR = Duration.ofDays(366);

    private final List<Problem> problems = new ArrayList<>();

    private ConfigurationReader() {}

    /** What a file held: a configuration if it has no errors. */
    public record Result(Optional<Configuration> configuration, List<Problem> problems) {}

    /** Reads a file; never throws for its content. */
    public static Result read(Path file) {
        return new ConfigurationReader().readFile(file);
    }

    private Result readFile(Path file) {
        String name = file.toString();
        try {
            String text = Files.readString(file);
            Yaml.Value value = Yaml.read(name, text, this::finding);
            Configuration configuration = top(file, value);
            boolean failed = problems.stream().anyMatch(Problem::isError);
            return new Result(failed ? Optional.empty() : Optional.of(configuration), sorted());
        } catch (NoSuchFileException e) {
            return unreadable(name, "no such file. Make one with: gatehouse quickstart --setup-only");
        } catch (MalformedInputException e) {
            return unreadable(name, "not UTF-8 text");
        } catch (IOException e) {
            return unreadable(name, "cannot be read: " + e.getMessage());
        }
    }

    private Result unreadable(String file, String why) {
        return new Result(Optional.empty(), List.of(Problem.error(Place.start(file), why)));
    }

    private List<Problem> sorted() {
        return problems.stream().sorted().distinct().toList();
    }

    private void finding(Yaml.Finding finding) {
        problems.add(problem(finding));
    }

    /** A fault of the YAML itself, in words. */
    static Problem problem(Yaml.Finding finding) {
        String message = switch (finding.fault()) {
            case SYNTAX -> "not valid YAML: " + finding.detail();
            case DUPLICATE_KEY -> {
                String[] parts = finding.detail().split("\n", -1);
                yield "key \"" + parts[0] + "\" appears twice (first at line " + parts[1] + ")";
            }
            case UNSUPPORTED, REFUSED -> finding.detail() + " is not supported here";
        };
        return Problem.error(finding.place(), message);
    }

    private Configuration top(Path file, Yaml.@Nullable Value value) {
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElseThrow();
        try (Section top = Section.top(file.toString(), folder, value, problems::add)) {
            int version = top.integer("version", 1, Integer.MAX_VALUE, 0);
            if (!top.has("version")) {
                top.error("version", "missing \"version: 1\"");
            } else if (version > 1) {
                top.error("version", "version " + version + " is newer than this broker reads (1)");
            }
            Path data = top.path("data", "data");
            List<Listener> listeners = top.section("listeners", this::listeners);
            CertificateLogin certificates = top.section("certificate_login", this::certificateLogin);
            Optional<PasswordLogin> passwords = top.has("password_login")
                    ? top.section("password_login", this::passwordLogin)
                    : absent(top, "password_login");
            Optional<JwtLogin> tokens = top.has("jwt_login")
                    ? Optional.of(top.section("jwt_login", new IssuerReader(problems)::read))
                    : absent(top, "jwt_login");
            requireLogins(listeners, passwords.isPresent(), tokens.isPresent());
            Policies policies = top.section("policy", this::policies);
            requireNames(listeners, policies.profile());
            Sessions sessions = top.section("sessions", this::sessions);
            Storage storage = storage(top, data);
            Limits limits = top.section("limits", this::limits);
            Optional<Enrolment> enrolment = top.has("enrolment")
                    ? Optional.of(top.section("enrolment", section -> new EnrolmentReader(section, problems).read()))
                    : absent(top, "enrolment");
            Audit audit = top.section("audit", this::audit);
            Duration sys = top.section(
                    "sys",
                    section -> section.duration("interval", Duration.ZERO, Duration.ofDays(1), Duration.ofSeconds(10)));
            requirePorts(listeners, enrolment);
            return new Configuration(
                    file,
                    data,
                    listeners,
                    certificates,
                    passwords,
                    tokens,
                    policies.folder(),
                    policies.verifyKey(),
                    policies.onRevoke(),
                    policies.requireTests(),
                    policies.profile(),
                    sessions,
                    storage,
                    limits,
                    enrolment,
                    audit,
                    sys,
                    top.effective());
        }
    }

    private static <T> Optional<T> absent(Section section, String key) {
        section.raw(key);
        return Optional.empty();
    }

    private List<Listener> listeners(Section section) {
        List<Listener> listeners = new ArrayList<>();
        section.all().keySet().forEach(name -> {
            if (!name.matches("[a-z][a-z0-9-]{0,63}")) {
                section.error(name, "listener name \"" + name + "\" must be like [a-z][a-z0-9-]*");
            }
            listeners.add(section.section(
                    name, "listeners." + name, below -> new ListenerReader(below, problems).read(name)));
        });
        if (listeners.isEmpty()) {
            problems.add(
                    Problem.error(section.place(), "no listeners: nothing would listen. See docs/configuration.md"));
        }
        return List.copyOf(listeners);
    }

    private CertificateLogin certificateLogin(Section section) {
        String user = section.text("user", "cert.san.uri | cert.san.dns | cert.cn");
        List<String> sources = List.of(user.split("\\s*\\|\\s*"));
        for (String source : sources) {
            if (!USER_SOURCES.contains(source)) {
                section.error(
                        "user",
                        "unknown source \"" + source + "\". Known: "
                                + String.join(", ", new java.util.TreeSet<>(USER_SOURCES)));
            }
        }
        return new CertificateLogin(
                sources,
                section.text("prefix", ""),
                section.optionalText("spiffe_trust_domain"),
                section.integer("max_name", 1, 2048, 128));
    }

    private Optional<PasswordLogin> passwordLogin(Section section) {
        Optional<Path> file = section.path("file");
        if (file.isEmpty()) {
            problems.add(Problem.error(section.place(), "\"password_login\" needs a \"file\""));
        }
        file.ifPresent(path -> requireFile(section, "file", path));
        boolean weak = section.bool("allow_weak_hashes", false);
        PasswordMin min = section.choice("min", PasswordMin.class, PasswordMin.PBKDF2);
        if (weak && min != PasswordMin.PBKDF2) {
            section.error("min", "\"allow_weak_hashes: true\" and \"min\" ask for the opposite of each other");
        }
        return file.map(path -> new PasswordLogin(path, weak, min));
    }

    private record Policies(
            Path folder,
            Optional<Path> verifyKey,
            OnRevoke onRevoke,
            RequireTests requireTests,
            PolicyProfile profile) {}

    private Policies policies(Section section) {
        Path folder = section.path("folder", "policies");
        requireFolder(section, "folder", folder);
        Optional<Path> verifyKey = section.path("verify_key");
        verifyKey.ifPresent(path -> requireFile(section, "verify_key", path));
        OnRevoke onRevoke = section.choice("on_revoke", OnRevoke.class, OnRevoke.DORMANT);
        PolicyProfile profile = section.choice("profile", PolicyProfile.class, PolicyProfile.STANDARD);
        RequireTests tests = profile == PolicyProfile.HARDENED ? RequireTests.ROLE : RequireTests.NONE;
        return new Policies(
                folder, verifyKey, onRevoke, section.choice("require_tests", RequireTests.class, tests), profile);
    }

    /** Under the hardened profile, who does not log in comes from this machine only. */
    private void requireNames(List<Listener> listeners, PolicyProfile profile) {
        for (Listener listener : listeners) {
            boolean near = listener.bind().equals("::1") || listener.bind().startsWith("127.");
            if (profile == PolicyProfile.HARDENED && listener.login().has("none") && !near) {
                problems.add(Problem.error(
                        listener.place(),
                        "listener \"" + listener.name() + "\" lets everybody in (login: none) from other machines, and"
                                + " policy.profile is hardened. Ask for a login, or bind it to 127.0.0.1"));
            }
        }
    }

    private Sessions sessions(Section section) {
        return new Sessions(
                section.duration("max_expiry", Duration.ZERO, YEAR.multipliedBy(10), Duration.ofDays(7)),
                section.integer("max_queued", 1, 10_000_000, 10_000),
                section.sizeBytes("max_queued_bytes", 1024, 1L << 40, 64L << 20),
                section.integer("max_inflight", 1, 65_535, 100));
    }

    private Storage storage(Section top, Path data) {
        Yaml.Field field = top.raw("storage");
        if (field != null && field.value() instanceof Yaml.Text text && !text.isNull()) {
            String kind = top.text("storage", "memory");
            if (!kind.equals("memory")) {
                top.error(
                        "storage",
                        "\"storage\" is memory, or a mapping like {folder: data/store}, found \"" + kind + "\"");
            }
            return Storage.MEMORY;
        }
        return top.section("storage", section -> {
            Path folder = section.path("folder").orElseGet(() -> {
                Path below = data.resolve("store");
                section.remember("folder", below.toString());
                return below;
            });
            return new Storage(
                    Optional.of(folder),
                    section.choice("durability", Durability.class, Durability.FSYNC),
                    section.sizeBytes("min_free", 1 << 20, 1L << 40, 256L << 20),
                    keyFile(section));
        });
    }

    private static Optional<Path> keyFile(Section section) {
        Optional<Path> file = section.path("key_file");
        file.ifPresent(path -> requireFile(section, "key_file", path));
        return file;
    }

    private Audit audit(Section section) {
        Optional<Path> file = section.path("file");
        int sampleAllowed = section.integer("sample_allowed", 0, Integer.MAX_VALUE, 0);
        if (sampleAllowed > 0 && file.isEmpty()) {
            section.error("sample_allowed", "\"sample_allowed\" needs the \"file\" that the sample is written to");
        }
        return new Audit(file, sampleAllowed);
    }

    private Limits limits(Section section) {
        return new Limits(
                section.sizeBytes("max_packet", 1024, 256L << 20, 1L << 20),
                section.sizeBytes("max_packet_before_login", 512, 1L << 20, 16L << 10),
                section.integer("max_topic_levels", 1, 1024, 32),
                section.integer("max_topic_bytes", 1, 65_535, 1024),
                section.integer("max_user_properties", 0, 1024, 64),
                section.sizeBytes("max_user_property_bytes", 0, 256L << 20, 8L << 10),
                section.integer("max_filters_per_subscribe", 1, 1024, 64),
                section.integer("max_subscriptions", 1, 1_000_000, 1000),
                section.integer("max_topic_aliases", 0, 65_535, 32),
                section.integer("receive_maximum", 1, 65_535, 100),
                section.integer("max_retained", 0, 100_000_000, 100_000),
                section.sizeBytes("max_retained_bytes", 0, 1L << 40, 256L << 20),
                section.sizeBytes("max_queued_bytes_total", 1024, 1L << 40, 512L << 20),
                section.integer("max_connections", 1, 10_000_000, 100_000),
                section.integer("max_connections_per_address", 1, 10_000_000, 1000),
                section.integer("max_connections_per_user", 1, 10_000_000, 1000),
                section.integer("connects_per_second", 1, 1_000_000, 5000),
                section.integer("connects_per_second_per_address", 1, 1_000_000, 200),
                section.integer("max_handshakes", 1, 10_000_000, 2000),
                section.integer("max_handshakes_per_address", 1, 10_000_000, 250),
                section.integer("publishes_per_second_per_client", 1, 10_000_000, 1_000_000),
                section.duration(
                        "max_keep_alive", Duration.ofSeconds(5), Duration.ofSeconds(65_535), Duration.ofHours(1)),
                section.duration(
                        "connect_timeout", Duration.ofMillis(100), Duration.ofMinutes(5), Duration.ofSeconds(10)),
                section.sizeBytes("memory_before_login", 1L << 16, 1L << 40, 64L << 20),
                section.section("penalty", ConfigurationReader::penalty));
    }

    private static Penalty penalty(Section section) {
        Duration most = Duration.ofHours(1);
        int after = section.integer("after", 0, 1000, Penalty.DEFAULT.after());
        Duration first = section.duration("first", Duration.ofMillis(100), most, Penalty.DEFAULT.first());
        Duration longest = section.duration("longest", Duration.ofMillis(100), most, Penalty.DEFAULT.longest());
        if (longest.compareTo(first) < 0) {
            section.error("longest", "\"longest\" is shorter than \"first\"");
        }
        List<Network> exempt = new ArrayList<>();
        for (String text : section.texts("exempt", Penalty.EXEMPT)) {
            Network.parse(text)
                    .ifPresentOrElse(
                            exempt::add,
                            () -> section.error(
                                    "exempt", "\"" + text + "\" is not an address or a network like 10.0.0.0/8"));
        }
        return new Penalty(after, first, longest, List.copyOf(exempt));
    }

    private void requireLogins(List<Listener> listeners, boolean passwords, boolean tokens) {
        for (Listener listener : listeners) {
            Login login = listener.login();
            if (login.has("password") && !passwords) {
                problems.add(Problem.error(
                        listener.place(),
                        "listener \"" + listener.name()
                                + "\" takes passwords, but there is no \"password_login: {file: ...}\""));
            }
            if (login.has("certificate")
                    && listener.tls().isEmpty()
                    && listener.insecureAcknowledgement().isPresent()) {
                problems.add(Problem.error(
                        listener.place(),
                        "listener \"" + listener.name()
                                + "\" takes certificates, but it is plaintext and nobody can show one. Give it \"tls\","
                                + " or another login"));
            }
            if (login.has("jwt") && !tokens) {
                problems.add(Problem.error(
                        listener.place(),
                        "listener \"" + listener.name()
                                + "\" takes tokens, but there is no \"jwt_login: {issuers: [...]}\""));
            }
            if (login.methods().stream().anyMatch(method -> !METHODS.contains(method))) {
                problems.add(Problem.error(
                        listener.place(),
                        "login methods are certificate, password, jwt and none, found " + login.methods()));
            }
            if (login.has("none") && (login.methods().size() > 1 || login.combination() == Combination.ALL)) {
                problems.add(Problem.error(listener.place(), "login \"none\" stands alone: it lets everybody in"));
            }
        }
    }

    private void requirePorts(List<Listener> listeners, Optional<Enrolment> enrolment) {
        Map<Integer, String> owners = new HashMap<>();
        for (Listener listener : listeners) {
            String other = listener.port() == 0 ? null : owners.putIfAbsent(listener.port(), listener.name());
            if (other != null) {
                problems.add(Problem.error(
                        listener.place(),
                        "port " + listener.port() + " of \"" + listener.name() + "\" is taken by \"" + other + "\""));
            }
        }
        enrolment
                .filter(one -> owners.containsKey(one.port()))
                .ifPresent(one -> problems.add(Problem.error(
                        one.place(),
                        "port " + one.port() + " of enrolment is taken by \"" + owners.get(one.port()) + "\"")));
    }

    static void requireFile(Section section, String key, Path path) {
        if (!Files.exists(path)) {
            section.error(key, "\"" + path + "\" does not exist");
        } else if (!Files.isRegularFile(path) || !Files.isReadable(path)) {
            section.error(key, "\"" + path + "\" cannot be read as a file");
        }
    }

    private static void requireFolder(Section section, String key, Path path) {
        if (!Files.isDirectory(path)) {
            section.error(key, "\"" + path + "\" is not a folder");
        }
    }
}
