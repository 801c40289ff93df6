package io.gatehouse.pki;

import io.gatehouse.pki.Application.Decision;
import io.gatehouse.pki.PkiProblem.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** What an operator sees of devices that wait, and decides about them. Confined to its authority's thread. */
public final class Approvals {
    private final Authority authority;

    public Approvals(Authority authority) {
        this.authority = authority;
    }

    /** All that can be decided about or was decided a while ago, without the lock and without the passphrase. */
    public static List<Application> view(Path folder, Instant now) throws PkiProblem {
        return Authority.view(folder).applications().all(now);
    }

    /**
     * Lets the device have its certificate when it asks again.
     *
     * @param fingerprint of the key that is approved: whatever waits for the id with another is not
     * @param replace also if the device has a certificate that is in force
     * @param pickUp how long the device may take until it asks again
     */
    public Application approve(String id, String fingerprint, boolean replace, Duration pickUp) throws PkiProblem {
        Instant now = authority.clock().instant();
        Application one = waiting(id, fingerprint, now);
        if (!replace) {
            Holds.requireNone(authority.inventory(), Profile.DEVICE, id, now);
        }
        if (!replace && authority.inventory().active(Profile.DEVICE, id, now).isPresent()) {
            throw new PkiProblem(
                    Kind.POLICY,
                    "\"" + id + "\" has a certificate that is valid. Whoever asks for its name may not be it; if it is,"
                            + " approve with --replace");
        }
        authority.append(List.of(authority
                .scribe()
                .request("request-approved", one, now.plus(pickUp), replace ? Applications.REPLACE : Journal.NOTHING)));
        return one;
    }

    /** Tells the device no, for as long as given; its id is free for another. Also takes an approval back. */
    public Application refuse(String id, String fingerprint, Duration memory) throws PkiProblem {
        Instant now = authority.clock().instant();
        Application one = open(id, fingerprint, now);
        authority.append(
                List.of(authority.scribe().request("request-refused", one, now.plus(memory), Journal.NOTHING)));
        return one;
    }

    private Application waiting(String id, String fingerprint, Instant now) throws PkiProblem {
        Application one = open(id, fingerprint, now);
        if (one.decision() == Decision.APPROVED) {
            throw new PkiProblem(Kind.POLICY, "the request of \"" + id + "\" is approved already");
        }
        return one;
    }

    private Application open(String id, String fingerprint, Instant now) throws PkiProblem {
        Application one = authority
                .inventory()
                .applications()
                .of(id, now)
                .orElseThrow(() -> new PkiProblem(Kind.NOT_FOUND, "no request of \"" + Profile.shown(id) + "\" waits"));
        if (!one.fingerprint().equals(plain(fingerprint))) {
            throw new PkiProblem(
                    Kind.POLICY,
                    "the key that waits for \"" + id + "\" is " + one.fingerprint() + ", not the one that was given");
        }
        return one;
    }

    /** As people copy it: with colons, blanks, capitals. */
    private static String plain(String fingerprint) {
        return fingerprint.replaceAll("[\\s:]", "").toLowerCase(Locale.ROOT);
    }
}
