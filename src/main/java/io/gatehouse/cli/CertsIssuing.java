package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.KeyKind;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What every command that issues takes: how long, where to, and how it is said. */
final class CertsIssuing {
    @Option(
            names = "--validity",
            paramLabel = CertsTime.LABEL,
            converter = CertsTime.class,
            description =
                    "How long it is valid: 90 (days), 90d, 12h, 2w, 1y; default: what the profile says, 397 days of"
                            + " the built-in ones.")
    private @Nullable Duration validity;

    @Option(
            names = "--algo",
            paramLabel = "KIND",
            description = "Of the key that is made: p256, p384, rsa3072 or rsa4096, or what the profile takes besides."
                    + " Default: what the profile says, p256 of the built-in ones. RSA keys cost every handshake of a server"
                    + " more than ten times as much.")
    private @Nullable String algorithm;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            description =
                    "The folder for cert.pem, key.pem and ca.pem; default: out/ID in the authority's folder. What is there"
                            + " of another holder is never overwritten.")
    private @Nullable Path out;

    @Mixin
    private CertsForms forms = new CertsForms();

    /** Ends of authorities that were told of. */
    private final Set<Instant> told = new HashSet<>();

    /** In which forms besides PEM. */
    CertsForms forms() {
        return forms;
    }

    Duration validity(Authority authority, Profile profile) {
        return validity == null ? authority.validityOf(profile) : validity;
    }

    /** The kind of key that was asked for; null: the profile's. */
    @Nullable
    KeyKind key() {
        return algorithm == null ? null : kind(algorithm);
    }

    static KeyKind kind(String word) {
        return KeyKind.ofWord(word)
                .orElseThrow(() -> Failure.usage("unknown kind of key \"" + word + "\"; there are p256, p384, rsa3072,"
                        + " rsa4096, and where a profile takes them rsa2048 and ed25519"));
    }

    /** Before anything is issued: the files of many in one folder would take each other's place. */
    void requireRoomFor(int holders) {
        if (out != null && holders > 1) {
            throw Failure.usage("--out is the folder of one holder; without it each of these goes to out/ID");
        }
    }

    /** Writes the files; says them and what to type next, where DIR stands for their folder. */
    void write(CertsCommon common, Authority authority, Issued issued, String next) throws PkiProblem {
        write(common, authority, issued, next, List.of());
    }

    /** @param notTaken what a request asked for and did not get */
    void write(CertsCommon common, Authority authority, Issued issued, String next, List<String> notTaken)
            throws PkiProblem {
        try (CertsReport report = common.report()) {
            Map<String, Object> made = write(common, authority, issued, report);
            made.forEach(report::put);
            if (!notTaken.isEmpty()) {
                report.put("notTaken", notTaken);
            }
            report.next(next.replace("DIR", folder(common, issued).toString()));
        }
    }

    /** Before anything is issued: the files that are there have to be this holder's, and there has to be room. */
    void requirePlace(CertsCommon common, Authority authority, Profile profile, String id) {
        CertsPlace.requireOwn(authority, profile, id, folder(common, id), out != null);
        CertsPlace.requireRoom(folder(common, id));
    }

    boolean hasOut() {
        return out != null;
    }

    Path folder(CertsCommon common, Issued issued) {
        return folder(common, issued.id());
    }

    private Path folder(CertsCommon common, String id) {
        return out != null ? out : common.places().outputOf(id);
    }

    /** Says of what would outlive its issuing authority that it does not; of many at one end, once. */
    void tellOfEnd(CertsCommon common, Issued issued, Map<String, Object> made) {
        if (issued.endsWithIssuer()) {
            made.put("endsWithIssuer", true);
            Instant end = issued.issuer().getNotAfter().toInstant();
            if (told.add(end)) {
                common.warn("valid until " + end + " only: the issuing authority ends then");
            }
        }
    }

    /** Writes the files and says them; what is told to programs besides is returned. */
    Map<String, Object> write(CertsCommon common, Authority authority, Issued issued, CertsReport report)
            throws PkiProblem {
        Path folder = folder(common, issued);
        try {
            issued.writeTo(folder);
        } catch (IOException e) {
            throw CertsPlace.unwritten(authority, issued, folder, e);
        }
        Map<String, Object> made = new LinkedHashMap<>();
        made.put("id", issued.id());
        made.put("profile", issued.profile().word());
        made.put("serial", issued.serial());
        made.put("notAfter", issued.certificate().getNotAfter().toInstant().toString());
        made.put("certificate", folder.resolve("cert.pem").toString());
        if (issued.key().isPresent()) {
            made.put("key", folder.resolve("key.pem").toString());
        }
        made.put("ca", folder.resolve("ca.pem").toString());
        report.say("made the certificate of " + issued.profile().word() + " \"" + issued.id() + "\", serial "
                + issued.serial() + ", valid until " + made.get("notAfter"));
        tellOfEnd(common, issued, made);
        for (String name : List.of("certificate", "key", "ca")) {
            if (made.get(name) instanceof String file) {
                report.file(Path.of(file));
                report.say(String.format("  %-12s %s", name, file));
            }
        }
        forms.write(common, issued, folder, report);
        return made;
    }
}
