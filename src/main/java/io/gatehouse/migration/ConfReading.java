package io.gatehouse.migration;

import io.gatehouse.migration.Note.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Goes through a {@code mosquitto.conf} line by line: what it says is gathered, and what is not carried is noted, each line of
 * it. Confined to one import.
 */
final class ConfReading {
    /** Settings that only say how Mosquitto does what is done otherwise here. */
    private static final Map<String, String> DROPPED = Map.ofEntries(
            Map.entry("pid_file", "the process stays in the foreground; a service manager knows its id"),
            Map.entry("user", "run it as that user; it never starts as root to change"),
            Map.entry("log_dest", "the log goes to standard output"),
            Map.entry("log_type", "the log says what matters; denials are in the audit log"),
            Map.entry("log_facility", "the log goes to standard output"),
            Map.entry("log_timestamp", "every line has its time"),
            Map.entry("log_timestamp_format", "times are ISO 8601, UTC"),
            Map.entry("connection_messages", "logins are in the audit log"),
            Map.entry("websockets_log_level", "one log for all"),
            Map.entry("autosave_interval", "what is acknowledged is on disk already"),
            Map.entry("autosave_on_changes", "what is acknowledged is on disk already"),
            Map.entry("persistence_file", "the store is a folder, storage: in gatehouse.yaml"),
            Map.entry("persistence_location", "the store is a folder, storage: in gatehouse.yaml"),
            Map.entry("set_tcp_nodelay", "always on"),
            Map.entry("socket_domain", "bind: takes addresses of both families"),
            Map.entry("tls_version", "TLS 1.3 and 1.2 only"),
            Map.entry("ciphers", "the suites are chosen: ECDHE with AEAD"),
            Map.entry("ciphers_tls1.3", "the suites are chosen: AEAD"),
            Map.entry("dhparamfile", "ECDHE only"),
            Map.entry("tls_engine", "keys are files here"),
            Map.entry("tls_engine_kpass_sha1", "keys are files here"),
            Map.entry("tls_keyform", "keys are files here"),
            Map.entry("websockets_headers_size", "limited to 8 KiB"),
            Map.entry("memory_limit", "every kind of memory has its own limit, under limits:"),
            Map.entry("max_inflight_bytes", "limited by number, sessions: {max_inflight: ...}"),
            Map.entry("queue_qos0_messages", "QoS 0 is never queued"),
            Map.entry("upgrade_outgoing_qos", "a subscription's QoS is the most it gets"),
            Map.entry("allow_duplicate_messages", "one copy, with the identifiers of all subscriptions that match"),
            Map.entry("check_retain_source", "always on"),
            Map.entry("retained_persistence", "as the store is"),
            Map.entry("auto_id_prefix", "assigned identifiers begin with auto-"),
            Map.entry("max_topic_alias_broker", "the client's own maximum is what counts"),
            Map.entry("sys_interval_alignment", "not aligned"));

    private static final Map<String, String> TO_DO = Map.ofEntries(
            Map.entry(
                    "mount_point", "topics are not rewritten here; give the listener's clients a role with the prefix"),
            Map.entry(
                    "psk_file", "pre-shared keys are not taken; give the devices certificates (gatehouse certs batch)"),
            Map.entry(
                    "psk_hint", "pre-shared keys are not taken; give the devices certificates (gatehouse certs batch)"),
            Map.entry("use_username_as_clientid", "write client_id: [<user>] in the roles"),
            Map.entry("clientid_prefixes", "write client_id: [\"PREFIX*\"] in the roles"),
            Map.entry(
                    "allow_zero_length_clientid",
                    "a client without an identifier gets one; a role with client_id: stops it"),
            Map.entry("capath", "name the authorities' certificates in one file, client_ca:"),
            Map.entry("http_dir", "pages are served by a web server"),
            Map.entry("bind_interface", "bind: takes an address"),
            Map.entry("enable_proxy_protocol", "no proxy protocol; let TCP through to the broker"),
            Map.entry("enable_proxy_protocol_v2", "no proxy protocol; let TCP through to the broker"),
            Map.entry(
                    "disable_client_cert_date_checks",
                    "an expired certificate is refused; renew it (gatehouse certs renew)"),
            Map.entry("keyfile_passphrase", "keys of listeners are files with mode 0600, not encrypted"),
            Map.entry("global_plugin", "plugins are not loaded"));

    private static final Set<String> PLUGIN = Set.of("plugin", "auth_plugin", "plugin_load", "plugin_use");

    final List<MosquittoListener> listeners = new ArrayList<>();
    final Map<String, String> limits = new LinkedHashMap<>();
    final Map<String, String> sessions = new LinkedHashMap<>();
    final List<Note> notes = new ArrayList<>();

    /** What stands outside of listeners; Mosquitto's one default listener, if it is used. */
    private final MosquittoListener global = new MosquittoListener("", 0, null);

    boolean perListener;
    boolean persistence;
    boolean retain = true;
    int maxQos = 2;

    @Nullable
    String sysInterval;

    private boolean inBridge;
    private @Nullable MosquittoListener current;

    static ConfReading of(MosquittoConf conf) throws NotImportable {
        ConfReading reading = new ConfReading();
        List<String> faults = new ArrayList<>();
        for (MosquittoConf.Line line : conf.lines()) {
            try {
                reading.line(line);
            } catch (IllegalArgumentException e) {
                faults.add(line.place() + ": " + line.key() + ": " + e.getMessage());
            }
        }
        if (!faults.isEmpty()) {
            throw new NotImportable(faults);
        }
        reading.finish();
        return reading;
    }

    MosquittoListener global() {
        return global;
    }

    private void line(MosquittoConf.Line line) {
        String value = line.value();
        switch (line.key()) {
            case "listener" -> listener(line);
            case "port" -> defaultListener(line, number(value, 1, 65_535));
            case "bind_address" -> place().bind = value;
            case "protocol" -> place().websockets = protocol(line);
            case "connection", "address", "addresses" -> bridge(line);
            case "certfile" -> place().certificate = value;
            case "keyfile" -> place().key = value;
            case "cafile" -> place().authorities = value;
            case "crlfile" -> place().crl = value;
            case "require_certificate" -> place().requireCertificate = bool(value);
            case "use_identity_as_username" -> place().identityAsUser = bool(value);
            case "use_subject_as_username" -> place().subjectAsUser = bool(value);
            case "allow_anonymous" -> security().anonymous = bool(value);
            case "password_file", "plugin_opt_password_file" -> security().passwords = value;
            case "acl_file", "plugin_opt_acl_file" -> security().acl = value;
            case "per_listener_settings" -> perListener = bool(value);
            case "max_connections" -> place().maxConnections = number(value, -1, Integer.MAX_VALUE);
            case "accept_protocol_versions" -> versions(value);
            case "persistence" -> persistence = bool(value);
            case "persistent_client_expiration" -> sessions.put("max_expiry", duration(value));
            case "max_inflight_messages" -> bounded(line, sessions, "max_inflight", 65_535);
            case "max_queued_messages" -> bounded(line, sessions, "max_queued", 10_000_000);
            case "max_queued_bytes" -> bounded(line, sessions, "max_queued_bytes", Integer.MAX_VALUE);
            case "max_packet_size", "message_size_limit" -> bounded(line, limits, "max_packet", 256 << 20);
            case "max_keepalive" -> keepAlive(line);
            case "global_max_clients", "global_max_connections" -> bounded(line, limits, "max_connections", 10_000_000);
            case "max_topic_alias" -> limits.put("max_topic_aliases", String.valueOf(number(value, 0, 65_535)));
            case "retain_available" -> retain = bool(value);
            case "max_qos" -> maxQos = number(value, 0, 2);
            case "sys_interval" -> sysInterval = number(value, 0, 86_400) + "s";
            default -> other(line);
        }
    }

    private void other(MosquittoConf.Line line) {
        if (line.key().equals("psk_hint")) {
            place().preSharedKeys = true;
        }
        if (DROPPED.containsKey(line.key())) {
            note("M02", Kind.DROPPED, line, DROPPED.get(line.key()));
        } else if (TO_DO.containsKey(line.key())) {
            note("M03", Kind.TO_DO, line, TO_DO.get(line.key()));
        } else if (PLUGIN.contains(line.key())) {
            boolean files = line.value().contains("password") || line.value().contains("acl");
            note(
                    files ? "M02" : "M04",
                    files ? Kind.DROPPED : Kind.TO_DO,
                    line,
                    files
                            ? "what these two plugins read is read as the files of theirs are"
                            : "plugins are not loaded: what this one lets in or keeps out has to be said as a login and a policy");
        } else if (inBridge) {
            note("M05", Kind.TO_DO, line, "part of a bridge");
        } else if (line.key().startsWith("plugin_opt_") || line.key().startsWith("auth_opt_")) {
            note("M04", Kind.TO_DO, line, "an option of a plugin that is not loaded");
        } else {
            note("M09", Kind.TO_DO, line, "not known: nothing was made of it");
        }
    }

    private void note(String id, Kind kind, MosquittoConf.Line line, @Nullable String why) {
        notes.add(new Note(
                id,
                kind,
                line.place(),
                MosquittoAcl.printable(line.key() + (isSecret(line.key()) ? "" : " " + line.value())) + ": " + why));
    }

    private static boolean isSecret(String key) {
        return key.contains("passphrase") || key.contains("password") || key.equals("bridge_psk");
    }

    // listeners

    private void listener(MosquittoConf.Line line) {
        String[] words = line.value().split("\\s+");
        inBridge = false;
        int port = number(words[0], 0, 65_535);
        if (port == 0) {
            note("M03", Kind.TO_DO, line, "a Unix domain socket for clients: there is none here");
        }
        MosquittoListener next = new MosquittoListener(line.place(), port, words.length > 1 ? words[1] : null);
        current = next;
        if (port != 0) {
            listeners.add(next);
        }
    }

    private void defaultListener(MosquittoConf.Line line, int port) {
        MosquittoListener next = new MosquittoListener(line.place(), port, global.bind);
        listeners.add(0, next);
        current = next;
    }

    private void bridge(MosquittoConf.Line line) {
        boolean begins = line.key().equals("connection");
        note(
                "M05",
                Kind.TO_DO,
                line,
                begins
                        ? "bridges are not there; let a client of both brokers forward what it carries"
                        : "part of a bridge");
        inBridge = true;
        current = null;
    }

    private MosquittoListener place() {
        MosquittoListener now = current;
        // a bridge has settings of the same names: they are gathered where nothing looks
        return inBridge ? new MosquittoListener("", 0, null) : now == null ? global : now;
    }

    private MosquittoListener security() {
        return perListener ? place() : global;
    }

    private boolean protocol(MosquittoConf.Line line) {
        return switch (line.value()) {
            case "mqtt" -> false;
            case "websockets" -> true;
            default ->
                throw new IllegalArgumentException(
                        "\"" + MosquittoAcl.printable(line.value()) + "\" is not mqtt or websockets");
        };
    }

    private void versions(String value) {
        for (String one : value.split("[,\\s]+")) {
            place().versions
                    .add(
                            switch (one) {
                                case "3" -> "3.1";
                                case "4" -> "3.1.1";
                                case "5" -> "5.0";
                                default -> throw new IllegalArgumentException("\"" + one + "\" is not 3, 4 or 5");
                            });
        }
    }

    /** What was said before the first listener is every listener's. */
    private void finish() {
        if (listeners.isEmpty()) {
            listeners.add(new MosquittoListener("mosquitto.conf", 1883, "127.0.0.1"));
        }
    }

    // values

    private void bounded(MosquittoConf.Line line, Map<String, String> into, String key, int most) {
        // -1 is one of the words for "no limit", as 0 is
        boolean number = line.value().matches("-1|\\d{1,18}");
        long value = number ? Math.max(0, Long.parseLong(line.value())) : 0;
        if (!number) {
            throw new IllegalArgumentException("\"" + MosquittoAcl.printable(line.value()) + "\" is not a number");
        }
        if (value == 0 || value > most) {
            note("M06", Kind.DIFFERENT, line, "every limit is finite here; the default of " + key + " stays");
        } else {
            into.put(key, String.valueOf(value));
        }
    }

    private void keepAlive(MosquittoConf.Line line) {
        int seconds = number(line.value(), 0, 65_535);
        if (seconds < 5) {
            note("M06", Kind.DIFFERENT, line, "keep alive is never off here; the default of max_keep_alive stays");
        } else {
            limits.put("max_keep_alive", seconds + "s");
        }
    }

    private static boolean bool(String value) {
        return switch (value) {
            case "true", "1" -> true;
            case "false", "0" -> false;
            default ->
                throw new IllegalArgumentException("\"" + MosquittoAcl.printable(value) + "\" is not true or false");
        };
    }

    private static int number(String value, int least, int most) {
        if (!value.matches("-?\\d{1,9}") || Integer.parseInt(value) < least || Integer.parseInt(value) > most) {
            throw new IllegalArgumentException(
                    "\"" + MosquittoAcl.printable(value) + "\" is not a number from " + least + " to " + most);
        }
        return Integer.parseInt(value);
    }

    /** {@code 14d}, {@code 2m} (months), {@code 1y}, ... in days or hours. */
    private static String duration(String value) {
        if (!value.matches("\\d{1,4}[hdwmy]")) {
            throw new IllegalArgumentException(
                    "\"" + MosquittoAcl.printable(value) + "\" is not a number with h, d, w, m or y");
        }
        long count = Long.parseLong(value.substring(0, value.length() - 1));
        return switch (value.charAt(value.length() - 1)) {
            case 'h' -> count + "h";
            case 'w' -> count * 7 + "d";
            case 'm' -> Math.min(count * 30, 3650) + "d";
            case 'y' -> Math.min(count * 365, 3650) + "d";
            default -> Math.min(count, 3650) + "d";
        };
    }
}
