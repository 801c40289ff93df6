package io.gatehouse.pki;

import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.Objects;

/** Words the lines of the journal: who did what when, to which certificate or token. Any thread. */
final class Scribe {
    private final Clock clock;

    Scribe(Clock clock) {
        this.clock = clock;
    }

    /** @param action {@code issue}, or {@code enrol} for what is pending until its holder logs in with it */
    Journal.Entry issued(String action, Issued issued) {
        return new Journal.Entry(
                clock.instant().toString(),
                actor(),
                action,
                issued.profile().word(),
                issued.id(),
                issued.serial(),
                issued.certificate().getNotAfter().toInstant().toString(),
                Authority.keyHash(issued.certificate().getPublicKey()),
                Base64.getEncoder().encodeToString(Pem.der(issued.certificate())));
    }

    /** Something said of a holder. */
    Journal.Entry label(String action, Profile profile, String id, String text) {
        return new Journal.Entry(
                clock.instant().toString(),
                actor(),
                action,
                profile.word(),
                id,
                Journal.NOTHING,
                Journal.NOTHING,
                Journal.NOTHING,
                text);
    }

    /** Something done to a certificate that was issued before. */
    Journal.Entry item(String action, Inventory.Item item, String key, String detail) {
        return new Journal.Entry(
                clock.instant().toString(),
                actor(),
                action,
                item.profile().word(),
                item.id(),
                item.serial().toString(16),
                item.notAfter().toString(),
                key,
                detail);
    }

    Journal.Entry token(String action, Inventory.Token token, String key) {
        return new Journal.Entry(
                clock.instant().toString(),
                actor(),
                action,
                Journal.NOTHING,
                token.id(),
                token.hash(),
                token.end().toString(),
                key,
                Journal.NOTHING);
    }

    /** A device that waits for an operator, or what was decided about it. */
    Journal.Entry request(String action, Application application, Instant end, String detail) {
        return new Journal.Entry(
                clock.instant().toString(),
                actor(),
                action,
                Journal.NOTHING,
                application.id(),
                application.fingerprint(),
                end.toString(),
                application.key(),
                detail);
    }

    /** Something that is about neither a certificate nor a token. */
    Journal.Entry entry(String action, String id, String detail) {
        return new Journal.Entry(
                clock.instant().toString(),
                actor(),
                action,
                Journal.NOTHING,
                id,
                Journal.NOTHING,
                Journal.NOTHING,
                Journal.NOTHING,
                detail);
    }

    private static String actor() {
        String name =
                Objects.requireNonNullElse(System.getProperty("user.name"), "").replaceAll("\\p{Cntrl}", "?");
        return name.isEmpty() ? "unknown" : name;
    }
}
