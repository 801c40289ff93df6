package io.gatehouse.migration;

import io.gatehouse.json.Json;
import io.gatehouse.migration.Note.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * A Mosquitto installation, from its {@code mosquitto.conf} on, as the texts of Gatehouse's files. Confined to one import.
 *
 * <p>A listener that would be plaintext on a network, or would let anybody in, is written as a comment with what it needs: an
 * import does not open a door that Gatehouse keeps shut.
 */
public final class ConfImport {
    private final Path file;
    private final ConfReading conf;
    private final List<Note> notes;
    private final Set<String> open = new LinkedHashSet<>();
    private final List<String> faults = new ArrayList<>();

    private ConfImport(Path file, ConfReading conf) {
        this.file = file;
        this.conf = conf;
        this.notes = new ArrayList<>(conf.notes);
    }

    /**
     * What becomes of an installation.
     *
     * @param configuration the text of {@code gatehouse.yaml}
     * @param policies the texts of the files in {@code policies}, by name
     * @param passwordFile the users to take over; empty: there are none
     * @param requests how many random requests were compared with Mosquitto's evaluation; 0: there was no access list
     */
    public record Imported(
            String configuration,
            SortedMap<String, String> policies,
            Optional<Path> passwordFile,
            List<Note> notes,
            int requests,
            int announced) {
        public Imported {
            notes = List.copyOf(notes);
        }
    }

    /**
     * Reads an installation; writes nothing.
     *
     * @param seed of the random requests that compare the access list with the policy
     * @throws NotImportable with every reason why nothing can be made of it
     */
    public static Imported run(Path file, long seed) throws NotImportable {
        return new ConfImport(file, ConfReading.of(MosquittoConf.read(file))).run(seed);
    }

    private Imported run(long seed) throws NotImportable {
        Optional<Path> passwords = passwords();
        String configuration = configuration();
        if (!faults.isEmpty()) {
            throw new NotImportable(faults);
        }
        AclTranslation.Defaults defaults = new AclTranslation.Defaults(conf.retain, conf.maxQos);
        AclImport.Policies made = AclImport.run(parts(defaults), defaults, seed);
        notes.addAll(made.notes());
        return new Imported(configuration, made.files(), passwords, notes, made.requests(), made.announced());
    }

    // what may be another for each listener

    private MosquittoListener security(MosquittoListener listener) {
        return conf.perListener ? listener : conf.global();
    }

    private boolean hasPasswords(MosquittoListener listener) {
        return listener.takesPasswords() && security(listener).passwords != null;
    }

    /** Whether nobody is asked who it is. */
    private boolean letsEverybodyIn(MosquittoListener listener) {
        return listener.takesPasswords() && anonymous(listener) && !hasPasswords(listener);
    }

    private Optional<Path> passwords() {
        List<String> files = conf.listeners.stream()
                .filter(this::hasPasswords)
                .map(listener -> Objects.requireNonNull(security(listener).passwords))
                .distinct()
                .toList();
        if (files.size() > 1) {
            faults.add(file + ": password_file is another for each listener (" + String.join(", ", files)
                    + "); here one is for all. Make one of them, in which every name stands once");
        }
        return files.stream().findFirst().map(this::resolve);
    }

    /** Each access list with its listeners; what lets everybody in has none, for nobody's role holds there. */
    private List<AclImport.Part> parts(AclTranslation.Defaults defaults) throws NotImportable {
        Map<String, List<MosquittoListener>> lists = new LinkedHashMap<>();
        boolean anyAsks = !conf.listeners.stream().allMatch(this::letsEverybodyIn);
        for (MosquittoListener listener : conf.listeners) {
            String acl = Objects.requireNonNullElse(security(listener).acl, "");
            if (!anyAsks || !letsEverybodyIn(listener)) {
                lists.computeIfAbsent(acl, path -> new ArrayList<>()).add(listener);
            } else if (conf.perListener && !acl.isEmpty()) {
                notes.add(new Note(
                        "M03",
                        Kind.TO_DO,
                        listener.place,
                        "acl_file of a listener that lets everybody in: import it by itself (gatehouse policy import), and assign"
                                + " its roles to {auth: anonymous}"));
            }
        }
        boolean several = lists.size() > 1;
        List<MosquittoListener> none = lists.remove("");
        List<AclImport.Part> parts = new ArrayList<>();
        for (Map.Entry<String, List<MosquittoListener>> list : lists.entrySet()) {
            String path = resolve(list.getKey()).toString();
            MosquittoAcl acl = MosquittoAcl.parse(path, AclImport.read(Path.of(path)));
            List<String> names = several ? named(list.getValue()) : List.of();
            if (!several || !names.isEmpty()) {
                AclScope scope = several ? AclScope.of(names, parts.isEmpty()) : AclScope.ALL;
                parts.add(new AclImport.Part(path, acl, "", scope));
            }
        }
        List<String> names = none == null || !several ? List.of() : named(none);
        if (none != null && (!several || !names.isEmpty())) {
            AclScope scope = several ? AclScope.of(names, parts.isEmpty()) : AclScope.ALL;
            notes.add(new Note("I10", Kind.TO_DO, file.toString(), NoAcl.NOTE));
            parts.add(new AclImport.Part(file.toString(), null, NoAcl.policy(defaults, scope), scope));
        }
        return parts;
    }

    /** A policy names no listener that is not there: of those that are not open yet it is said what to do. */
    private List<String> named(List<MosquittoListener> listeners) {
        List<String> names = new ArrayList<>();
        for (MosquittoListener listener : listeners) {
            if (open.isEmpty() || open.contains(name(listener))) {
                names.add(name(listener));
            } else {
                notes.add(new Note(
                        "M13",
                        Kind.TO_DO,
                        listener.place,
                        "listener " + name(listener)
                                + " is not in the policy as long as it is not open. Then write its name"
                                + " where the roles of its access list say when: {listener: [...]}, or import that list by itself"
                                + " (gatehouse policy import)"));
            }
        }
        return names.stream().distinct().toList();
    }

    private static String name(MosquittoListener listener) {
        return (listener.websockets ? "web-" : "mqtt-") + listener.port;
    }

    /** Mosquitto takes a relative path from where it is started; where that is not known, the configuration's folder is tried. */
    private Path resolve(String path) {
        Path direct = Path.of(path).toAbsolutePath();
        Path folder = file.toAbsolutePath().getParent();
        return Files.exists(direct) || folder == null
                ? direct
                : folder.resolve(path).normalize();
    }

    private boolean anonymous(MosquittoListener listener) {
        Boolean said = conf.perListener ? listener.anonymous : conf.global().anonymous;
        return said != null ? said : listener.place.equals("mosquitto.conf"); // the listener of an empty file
    }

    // gatehouse.yaml

    private String configuration() {
        StringBuilder out = new StringBuilder();
        out.append("# Made from ")
                .append(MosquittoAcl.printable(file.toString()))
                .append('\n');
        out.append(
                "# Every key and its default: docs/configuration.md. Check a change with: gatehouse check -c THIS_FILE\n");
        out.append("version: 1\ndata: data\n\nlisteners:\n");
        if (conf.global().hasTls()) {
            notes.add(
                    new Note(
                            "M03",
                            Kind.TO_DO,
                            file.toString(),
                            "certfile and keyfile before the first listener belong to none here: write them below the listener"));
        }
        Set<String> names = new LinkedHashSet<>();
        for (MosquittoListener listener : conf.listeners) {
            String name = name(listener);
            if (names.add(name)) {
                if (listener(out, name, listener)) {
                    open.add(name);
                }
            } else {
                notes.add(new Note("M07", Kind.TO_DO, listener.place, "a second listener on port " + listener.port));
            }
        }
        if (open.isEmpty()) {
            notes.add(new Note(
                    "M08",
                    Kind.TO_DO,
                    file.toString(),
                    "no listener could be opened as it was; gatehouse.yaml says of each what it needs"));
        }
        certificateLogin(out);
        if (conf.listeners.stream().anyMatch(this::hasPasswords)) {
            out.append("password_login: {file: users.pw}\n");
        }
        out.append("\npolicy: {folder: policies}\n");
        if (!conf.persistence) {
            out.append("storage: memory\n");
        }
        section(out, "sessions", conf.sessions);
        section(out, "limits", conf.limits);
        if (conf.sysInterval != null) {
            out.append("sys: {interval: ").append(conf.sysInterval).append("}\n");
        }
        out.append("audit: {file: data/audit.jsonl}\n");
        return out.toString();
    }

    private static void section(StringBuilder out, String name, Map<String, String> values) {
        if (!values.isEmpty()) {
            out.append(name).append(":\n");
            values.forEach((key, value) ->
                    out.append("  ").append(key).append(": ").append(value).append('\n'));
        }
    }

    private void certificateLogin(StringBuilder out) {
        boolean identity = conf.listeners.stream().anyMatch(listener -> listener.identityAsUser);
        boolean subject =
                conf.listeners.stream().anyMatch(listener -> !listener.identityAsUser && listener.subjectAsUser);
        if (identity && subject) {
            faults.add(
                    file + ": use_identity_as_username and use_subject_as_username on different listeners; here one way"
                            + " of naming is for all");
        }
        if (identity || subject) {
            out.append("\ncertificate_login: {user: ")
                    .append(identity ? "cert.cn" : "cert.subject")
                    .append("}\n");
        }
    }

    /** Writes a listener, or, as a comment, one that has to be mended first; whether it is open. */
    private boolean listener(StringBuilder out, String name, MosquittoListener from) {
        List<String> lines = new ArrayList<>();
        String obstacle = null;
        lines.add("bind: "
                + Json.line(from.bind == null ? "*" : from.bind.equals("localhost") ? "127.0.0.1" : from.bind));
        lines.add("port: " + from.port);
        if (from.hasTls()) {
            tls(lines, from);
        } else if (from.preSharedKeys || from.usesCertificateName()) {
            obstacle = (from.preSharedKeys
                            ? "its TLS was by pre-shared keys, which are not taken here"
                            : "it names clients by their certificates and has none itself")
                    + ". Make certificates (gatehouse certs init; gatehouse certs server NAME --dns NAME; gatehouse certs"
                    + " batch for the devices) and say where they are";
            lines.add("tls: {certificate: CERTIFICATE, key: KEY, client_ca: AUTHORITY, client_certificate: required}");
        } else if (from.isLoopback()) {
            lines.add("insecure: {acknowledge: \"plaintext on this machine only, as it was in mosquitto.conf\"}");
            notes.add(new Note(
                    "M10",
                    Kind.DIFFERENT,
                    from.place,
                    "plaintext on loopback: it is loud at every start. Give it TLS when you can"));
        } else {
            obstacle =
                    "it has no TLS. Make a certificate (gatehouse certs init; gatehouse certs server NAME --dns NAME) and say"
                            + " where it is";
            lines.add("tls: {certificate: CERTIFICATE, key: KEY}");
        }
        if (from.websockets) {
            lines.add("websocket: {path: /, origins: []}");
            notes.add(new Note(
                    "M11",
                    Kind.TO_DO,
                    from.place,
                    "pages connect only from the origins that you name: websocket: {origins: [\"https://...\"]}"));
        }
        if (!from.takesPasswords()) {
            lines.add("login: certificate");
        } else if (letsEverybodyIn(from)) {
            lines.add("login: none");
            obstacle = (obstacle == null ? "" : obstacle + "; ")
                    + "it lets everybody in (allow_anonymous). If it has to, take the comment away and assign a role to {auth:"
                    + " anonymous} in the policy";
        } else if (hasPasswords(from)) {
            lines.add("login: password");
            if (anonymous(from)) {
                notes.add(new Note(
                        "M12",
                        Kind.DIFFERENT,
                        from.place,
                        "allow_anonymous with a password file: here everybody needs a name and a password"));
            }
        } else {
            obstacle = (obstacle == null ? "" : obstacle + "; ")
                    + "nobody can log in: it has neither passwords nor certificates";
            lines.add("login: password");
        }
        if (!from.versions.isEmpty()) {
            lines.add("versions: ["
                    + String.join(", ", from.versions.stream().map(Json::line).toList()) + "]");
        }
        if (from.maxConnections > 0) {
            lines.add("max_connections: " + from.maxConnections);
        }
        String mark = obstacle == null ? "" : "# ";
        if (obstacle != null) {
            out.append("  # not open yet: ").append(obstacle).append('\n');
            notes.add(new Note("M13", Kind.TO_DO, from.place, "listener " + name + " is not open yet: " + obstacle));
        }
        out.append("  ").append(mark).append(name).append(":\n");
        lines.forEach(
                line -> out.append("  ").append(mark).append("  ").append(line).append('\n'));
        return obstacle == null;
    }

    private void tls(List<String> lines, MosquittoListener from) {
        lines.add("tls:");
        lines.add("  certificate: " + path(from.certificate));
        lines.add("  key: " + path(from.key));
        boolean certificates = from.requireCertificate || from.usesCertificateName();
        if (certificates && from.authorities == null) {
            faults.add(from.place
                    + ": require_certificate without a cafile (a capath is not carried): write the authorities"
                    + " into one file and name it with cafile");
        } else if (certificates) {
            lines.add("  client_ca: " + path(from.authorities));
            lines.add("  client_certificate: required");
            notes.add(new Note(
                    "M14",
                    Kind.DIFFERENT,
                    from.place,
                    "client certificates have to keep rules of ours (key usage for clients, no SHA-1, X.509 v3, ...): see"
                            + " docs/tls.md, and try one with: gatehouse certs verify CERT --as client"));
        } else if (from.authorities != null) {
            notes.add(new Note(
                    "M02",
                    Kind.DROPPED,
                    from.place,
                    "cafile without require_certificate: no certificate is asked for"));
        }
        if (certificates && from.crl != null) {
            lines.add("  crl: [" + path(from.crl) + "]");
        }
    }

    private String path(@Nullable String path) {
        return Json.line(resolve(Objects.requireNonNull(path)).toString());
    }
}
