package io.gatehouse.policy.language;

import io.gatehouse.authn.Subject;
import io.gatehouse.config.Place;
import io.gatehouse.config.Yaml;
import io.gatehouse.policy.DirectoryName;
import io.gatehouse.policy.TimeWindow;
import io.gatehouse.policy.model.Condition;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code when} and {@code to}, each value checked for its key. Confined to one load. */
final class Conditioning {
    private static final Set<String> METHODS = Set.of("certificate", "password", "jwt", "anonymous");

    private final Report report;
    private final Nodes nodes;
    private final Optional<Collection<String>> listeners;

    /** @param listeners the configuration's, if it is known */
    Conditioning(Report report, Nodes nodes, Optional<Collection<String>> listeners) {
        this.report = report;
        this.nodes = nodes;
        this.listeners = listeners;
    }

    List<Condition> read(Yaml.Value value, String where, Collection<String> known) {
        Yaml.Fields fields = nodes.fields(value, where, key -> known.contains(key) || claim(key), known);
        List<Condition> conditions = new ArrayList<>();
        if (fields == null) {
            return conditions;
        }
        for (Yaml.Field field : fields.fields()) {
            List<String> values = new ArrayList<>();
            for (Yaml.Text text : nodes.oneOrMore(field)) {
                if (check(field.key(), text)) {
                    boolean digits =
                            field.key().equals("cert.sha256") || field.key().equals("cert.serial");
                    values.addAll(digits ? Subject.yielded(field.key(), List.of(text.text())) : List.of(text.text()));
                }
            }
            if (field.value() instanceof Yaml.Items items && items.values().isEmpty()) {
                report.error(
                        field.place(), "P106", "\"" + field.key() + "\" needs at least one value; none never holds.");
            }
            conditions.add(new Condition(field.key(), values, field.place()));
        }
        return conditions;
    }

    private static boolean claim(String key) {
        return key.startsWith("jwt.") && key.length() > 4;
    }

    private boolean check(String key, Yaml.Text text) {
        String value = text.text();
        Place place = text.place();
        String wrong = switch (key) {
            case "network" -> network(value, place);
            case "time" -> time(value, place);
            case "auth" -> {
                if (METHODS.contains(value)) {
                    yield null;
                }
                report.error(
                        place,
                        "P106",
                        "\"auth\" is certificate, password, jwt or anonymous, found \"" + Patterns.printable(value)
                                + "\"." + Report.didYouMean(value, METHODS, "\"", "\""));
                yield value;
            }
            case "listener" -> {
                if (listeners.isEmpty() || listeners.get().contains(value)) {
                    yield null;
                }
                report.error(
                        place,
                        "P133",
                        "listener \"" + Patterns.printable(value) + "\" does not exist. Listeners: "
                                + String.join(", ", listeners.get()) + ".");
                yield value;
            }
            case "cert.sha256" -> {
                if (value.matches("[0-9a-fA-F]{64}")) {
                    yield null;
                }
                report.error(place, "P134", "certificate fingerprint must be 64 hex digits (SHA-256).");
                yield value;
            }
            case "cert.issuer", "cert.subject" -> {
                if (value.startsWith("*") || value.endsWith("*") || DirectoryName.isName(value)) {
                    yield null;
                }
                report.error(
                        place,
                        "P135",
                        "\"" + Patterns.printable(value)
                                + "\" is not a distinguished name. Write \"CN=Plant Device CA,O=Acme\", as openssl x509 -issuer"
                                + " -nameopt RFC2253 prints it.");
                yield value;
            }
            default -> null;
        };
        return wrong == null;
    }

    private @Nullable String network(String value, Place place) {
        int slash = value.indexOf('/');
        String host = slash < 0 ? value : value.substring(0, slash);
        boolean literal = host.matches("[0-9.]+") || host.contains(":");
        if (!literal || !host.matches("[0-9a-fA-F.:]+")) {
            report.error(
                    place,
                    "P130",
                    "\"" + Patterns.printable(value) + "\" is not a network. Write 10.20.0.0/16 or 2001:db8::/32.");
            return value;
        }
        try {
            byte[] address = InetAddress.getByName(host).getAddress();
            int bits = slash < 0 ? address.length * 8 : Integer.parseInt(value.substring(slash + 1));
            if (bits < 0 || bits > address.length * 8) {
                throw new NumberFormatException(value);
            }
            byte[] network = address.clone();
            for (int i = bits; i < network.length * 8; i++) {
                network[i / 8] &= (byte) ~(0x80 >> i % 8);
            }
            if (!java.util.Arrays.equals(network, address)) {
                report.error(
                        place,
                        "P130",
                        "\"" + Patterns.printable(value) + "\" is not a network: host bits are set. Did you mean "
                                + InetAddress.getByAddress(network).getHostAddress() + "/" + bits + "?");
                return value;
            }
            return null;
        } catch (UnknownHostException | NumberFormatException e) {
            report.error(
                    place,
                    "P130",
                    "\"" + Patterns.printable(value) + "\" is not a network. Write 10.20.0.0/16 or 2001:db8::/32.");
            return value;
        }
    }

    private @Nullable String time(String value, Place place) {
        if (TimeWindow.parse(value).isPresent()) {
            return null;
        }
        String zone = value.substring(value.lastIndexOf(' ') + 1);
        try {
            ZoneId.of(zone);
            report.error(
                    place,
                    "P131",
                    "time window \"" + Patterns.printable(value)
                            + "\" not understood. Example: \"Mon-Fri 08:00-18:00 Europe/Berlin\".");
        } catch (DateTimeException e) {
            report.error(
                    place,
                    "P131",
                    "time window \"" + Patterns.printable(value) + "\": unknown zone \"" + Patterns.printable(zone)
                            + "\". Example: \"Mon-Fri 08:00-18:00 Europe/Berlin\".");
        }
        return value;
    }
}
