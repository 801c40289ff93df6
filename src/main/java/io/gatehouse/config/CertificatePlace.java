package io.gatehouse.config;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where a configuration wants a server's certificate, and for which names: read before the files are there, by the command
 * that makes them. Immutable.
 *
 * @param wantedBy such as {@code listener "mqtts"}
 * @param clientCa where it wants the authorities of clients
 * @param names what clients call the server there; empty: the configuration does not say
 */
public record CertificatePlace(
        List<String> wantedBy,
        Path certificate,
        Path key,
        Optional<Path> clientCa,
        List<String> names,
        boolean forOneName) {
    private static final Set<String> EVERYWHERE = Set.of("*", "0.0.0.0", "::", "");
    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "::1");

    public CertificatePlace {
        wantedBy = List.copyOf(wantedBy);
        names = List.copyOf(names);
    }

    /** What a file wants, or its problems. */
    public record Result(List<CertificatePlace> places, List<Problem> problems) {}

    /** Reads a configuration for this alone: whether the rest of it is right is not looked at. */
    public static Result read(Path file) {
        return new Reader(file).read();
    }

    private static final class Reader {
        private final Path file;
        private final List<Problem> problems = new ArrayList<>();
        private final Map<Path, CertificatePlace> places = new LinkedHashMap<>();

        private Reader(Path file) {
            this.file = file;
        }

        private Result read() {
            try {
                Yaml.Value value = Yaml.read(
                        file.toString(),
                        Files.readString(file),
                        finding -> problems.add(ConfigurationReader.problem(finding)));
                Path folder =
                        Optional.ofNullable(file.toAbsolutePath().getParent()).orElseThrow();
                try (Section top = Section.top(file.toString(), folder, value, problems::add)) {
                    top.all();
                    top.section("listeners", this::listeners);
                    top.section("enrolment", this::enrolment);
                }
            } catch (NoSuchFileException e) {
                problems.add(Problem.error(Place.start(file.toString()), "no such file"));
            } catch (MalformedInputException e) {
                problems.add(Problem.error(Place.start(file.toString()), "not UTF-8 text"));
            } catch (IOException e) {
                problems.add(Problem.error(Place.start(file.toString()), "cannot be read: " + e.getMessage()));
            }
            if (problems.isEmpty() && places.isEmpty()) {
                problems.add(Problem.error(Place.start(file.toString()), "no listener has tls"));
            }
            return new Result(
                    List.copyOf(places.values()),
                    problems.stream().sorted().distinct().toList());
        }

        private Object listeners(Section listeners) {
            for (String name : listeners.all().keySet()) {
                listeners.section(name, "listeners." + name, listener -> {
                    listener.all();
                    String bind = listener.text("bind", "*");
                    return !listener.has("tls")
                            || listener.section("tls", tls -> tls("listener \"" + name + "\"", bind, tls));
                });
            }
            return listeners;
        }

        private Object enrolment(Section enrolment) {
            enrolment.all();
            String bind = enrolment.text("bind", "*");
            return !enrolment.has("tls") || enrolment.section("tls", tls -> tls("enrolment", bind, tls));
        }

        private boolean tls(String wantedBy, String bind, Section tls) {
            tls.all();
            List<String> said = tls.texts("names", List.of());
            want(wantedBy, tls, said.isEmpty() ? names(bind) : said, tls.path("client_ca"), false);
            if (tls.has("sni")) {
                tls.section("sni", names -> {
                    for (String host : names.all().keySet()) {
                        names.section(host, "sni." + host, one -> {
                            one.all();
                            String lower = host.toLowerCase(Locale.ROOT);
                            want(wantedBy + " for " + lower, one, List.of(lower), Optional.empty(), true);
                            return one;
                        });
                    }
                    return names;
                });
            }
            return true;
        }

        /** A broker on one address is called by it; on the loopback, by its name too. */
        private static List<String> names(String bind) {
            return EVERYWHERE.contains(bind)
                    ? List.of()
                    : LOOPBACK.contains(bind) ? List.of("localhost", bind) : List.of(bind);
        }

        private void want(
                String wantedBy, Section section, List<String> names, Optional<Path> clientCa, boolean forOneName) {
            Optional<Path> certificate = section.path("certificate");
            Optional<Path> key = section.path("key");
            if (certificate.isEmpty() || key.isEmpty()) {
                problems.add(Problem.error(
                        section.place(), wantedBy + " has tls without certificate and key: it does not say where to"));
                return;
            }
            CertificatePlace place =
                    new CertificatePlace(List.of(wantedBy), certificate.get(), key.get(), clientCa, names, forOneName);
            CertificatePlace before = places.get(place.certificate());
            if (before != null && !before.key().equals(place.key())) {
                section.error("key", "one certificate has two keys here, " + before.key() + " and " + place.key());
                return;
            }
            places.put(place.certificate(), before == null ? place : before.and(place));
        }
    }

    private CertificatePlace and(CertificatePlace other) {
        return new CertificatePlace(
                joined(wantedBy, other.wantedBy),
                certificate,
                key,
                clientCa.or(other::clientCa),
                joined(names, other.names),
                forOneName && other.forOneName);
    }

    private static List<String> joined(List<String> some, List<String> more) {
        Set<String> all = new LinkedHashSet<>(some);
        all.addAll(more);
        return List.copyOf(all);
    }
}
