package io.gatehouse.config;

import io.gatehouse.config.Configuration.ApprovalOf;
import io.gatehouse.config.Configuration.ApprovalTerms;
import io.gatehouse.config.Configuration.Embedded;
import io.gatehouse.config.Configuration.Enrolment;
import io.gatehouse.config.Configuration.EnrolmentTerms;
import io.gatehouse.config.Configuration.ManufacturerList;
import io.gatehouse.config.Configuration.Separate;
import io.gatehouse.config.Configuration.Signing;
import io.gatehouse.config.Configuration.TlsProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Reads {@code enrolment}: the EST listener, and who signs for it. */
final class EnrolmentReader {
    private static final Duration MOMENT = Duration.ofMinutes(1);
    private static final Duration YEAR = Duration.ofDays(366);

    private static final String UNIX = "unix:";
    private static final List<String> OF_THE_SIGNER = List.of(
            "embedded",
            "authority",
            "passphrase_file",
            "validity",
            "overlap",
            "revoke_unused_after",
            "renew_after_expiry",
            "same_key",
            "per_minute",
            "per_day",
            "approval",
            "manufacturers");

    private record Server(Path certificate, Path key, TlsProvider provider) {}

    private final Section section;
    private final List<Problem> problems;

    EnrolmentReader(Section section, List<Problem> problems) {
        this.section = section;
        this.problems = problems;
    }

    Enrolment read() {
        if (!section.has("port")) {
            problems.add(Problem.error(section.place(), "enrolment needs a port"));
        }
        if (!section.has("tls")) {
            problems.add(Problem.error(section.place(), "enrolment needs tls: {certificate: ..., key: ...}"));
        }
        int port = section.integer("port", 0, 65_535, 0);
        String bind = section.text("bind", "*");
        Server server = section.section(
                "tls",
                below -> new Server(
                        file(below, "certificate"),
                        file(below, "key"),
                        below.choice("provider", TlsProvider.class, TlsProvider.AUTO)));
        Signing signing = section.has("signer") ? separate() : embedded();
        return new Enrolment(
                bind, port, server.certificate(), server.key(), server.provider(), signing, section.place());
    }

    private Separate separate() {
        for (String key : OF_THE_SIGNER) {
            if (section.has(key)) {
                section.raw(key);
                section.error(
                        key, "with a signer, \"" + key + "\" is not the broker's: 'gatehouse certs serve' has it");
            }
        }
        String text = section.text("signer", "");
        if (!text.startsWith(UNIX) || text.length() == UNIX.length()) {
            section.error(
                    "signer", "a signer is unix:PATH, the socket of 'gatehouse certs serve', found \"" + text + "\"");
            return new Separate(Path.of(""));
        }
        return new Separate(
                section.resolve("signer", text.substring(UNIX.length())).orElse(Path.of("")));
    }

    private Embedded embedded() {
        section.raw("signer");
        if (!section.bool("embedded", false)) {
            section.error(
                    "embedded",
                    "enrolment needs signer: unix:PATH, where 'gatehouse certs serve' answers, or embedded: true, which"
                            + " says that the device authority's key is in the broker's process");
        }
        Path folder = section.path("authority", "pki");
        if (!Files.isRegularFile(folder.resolve("ca").resolve("device.crt"))) {
            section.error("authority", "\"" + folder + "\" holds no authority. Make one with: gatehouse certs init");
        }
        Optional<Path> passphrase = section.path("passphrase_file");
        passphrase.ifPresent(path -> ConfigurationReader.requireFile(section, "passphrase_file", path));
        EnrolmentTerms terms = new EnrolmentTerms(
                section.duration("validity", Duration.ofHours(1), Duration.ofDays(3650), Duration.ofDays(90)),
                section.duration("overlap", Duration.ZERO, YEAR, Duration.ofHours(24)),
                section.duration("revoke_unused_after", MOMENT, YEAR, Duration.ofDays(7)),
                section.duration("renew_after_expiry", Duration.ZERO, YEAR, Duration.ZERO),
                section.bool("same_key", false),
                section.integer("per_minute", 1, 1_000_000, 600),
                section.integer("per_day", 1, 100_000_000, 10_000),
                section.section("approval", EnrolmentReader::approval));
        Optional<ManufacturerList> manufacturers = Optional.empty();
        if (section.has("manufacturers")) {
            manufacturers = Optional.of(section.section(
                    "manufacturers",
                    below -> new ManufacturerList(file(below, "authorities"), file(below, "devices"))));
        } else {
            section.raw("manufacturers");
        }
        if (terms.approval().of() == ApprovalOf.MANUFACTURED && manufacturers.isEmpty()) {
            section.error("approval", "of: manufactured needs manufacturers, whose authorities say who made a device");
        }
        return new Embedded(folder, passphrase, terms, manufacturers);
    }

    private static ApprovalTerms approval(Section below) {
        return new ApprovalTerms(
                below.choice("of", ApprovalOf.class, ApprovalOf.NOBODY),
                below.integer("max_waiting", 1, 10_000, 100),
                below.integer("max_waiting_per_address", 1, 10_000, 1),
                below.duration("waits_for", MOMENT, YEAR, Duration.ofDays(7)));
    }

    private Path file(Section below, String key) {
        Optional<Path> path = below.path(key);
        if (path.isEmpty()) {
            problems.add(Problem.error(below.place(), "\"" + key + "\" is missing"));
        }
        path.ifPresent(found -> ConfigurationReader.requireFile(below, key, found));
        return path.orElse(Path.of(""));
    }
}
