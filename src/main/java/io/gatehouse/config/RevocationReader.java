package io.gatehouse.config;

import io.gatehouse.config.Configuration.ClientCertificate;
import io.gatehouse.config.Configuration.Ocsp;
import io.gatehouse.config.Configuration.Revocation;
import io.gatehouse.config.Configuration.RevokedSession;
import io.gatehouse.config.Configuration.RevokedWill;
import io.gatehouse.config.Configuration.Stale;
import io.gatehouse.config.Configuration.Unknown;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads {@code crl} and {@code revocation} of a listener's {@code tls}. */
final class RevocationReader {
    private final List<Problem> problems;

    RevocationReader(List<Problem> problems) {
        this.problems = problems;
    }

    Revocation read(Section tls, ClientCertificate wanted) {
        List<Path> files = new ArrayList<>();
        List<URI> addresses = new ArrayList<>();
        for (String text : tls.texts("crl", List.of())) {
            if (text.startsWith("http://") || text.startsWith("https://")) {
                address(tls, "crl", text).ifPresent(addresses::add);
            } else {
                tls.resolve("crl", text).ifPresent(files::add);
            }
        }
        files.stream()
                .filter(path -> !Files.isDirectory(path))
                .forEach(path -> ConfigurationReader.requireFile(tls, "crl", path));
        Revocation revocation =
                tls.section("revocation", below -> read(below, List.copyOf(files), List.copyOf(addresses)));
        if (wanted == ClientCertificate.NONE && !revocation.isEmpty()) {
            problems.add(Problem.error(
                    tls.place(), "this listener asks for no client certificates, so there is nothing to revoke"));
        }
        return revocation;
    }

    private Revocation read(Section below, List<Path> files, List<URI> addresses) {
        Optional<Path> authority = below.path("authority");
        authority
                .filter(path -> !Files.isDirectory(path))
                .ifPresent(path -> below.error("authority", "\"" + path + "\" is not the folder of an authority"));
        return new Revocation(
                files,
                addresses,
                below.duration("refresh", Duration.ofSeconds(1), Duration.ofDays(1), Duration.ofMinutes(5)),
                below.choice("stale", Stale.class, Stale.GRACE),
                below.duration("stale_grace", Duration.ZERO, Duration.ofDays(90), Duration.ofDays(7)),
                authority,
                below.choice("unknown", Unknown.class, Unknown.REJECT),
                below.choice("ocsp", Ocsp.class, Ocsp.OFF),
                below.optionalText("ocsp_responder").flatMap(text -> address(below, "ocsp_responder", text)),
                below.duration("ocsp_timeout", Duration.ofMillis(100), Duration.ofSeconds(30), Duration.ofSeconds(3)),
                below.choice("will", RevokedWill.class, RevokedWill.PUBLISH),
                below.choice("session", RevokedSession.class, RevokedSession.KEEP));
    }

    private static Optional<URI> address(Section section, String key, String text) {
        try {
            URI uri = URI.create(text);
            boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (http && uri.getHost() != null && uri.getUserInfo() == null) {
                return Optional.of(uri);
            }
        } catch (IllegalArgumentException e) {
            // told of below, as any other text that is no address
        }
        section.error(key, "\"" + text + "\" is not an http or https address");
        return Optional.empty();
    }
}
