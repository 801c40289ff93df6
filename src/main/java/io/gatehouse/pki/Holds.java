package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.time.Instant;
import java.util.List;

/** Certificates that are revoked for the time being: how that ends, and what it stands in the way of. Stateless. */
public final class Holds {
    private Holds() {}

    /**
     * Lifts holds: all of them, or none.
     *
     * @throws PkiProblem if one is not on hold; what is revoked for good stays so (RFC 5280, 5.3.1)
     */
    public static void lift(Authority authority, List<Inventory.Item> items) throws PkiProblem {
        for (Inventory.Item item : items) {
            if (!item.isHeld()) {
                RevocationReason reason = item.reason();
                throw new PkiProblem(
                        Kind.POLICY,
                        "\"" + item.id() + "\", serial " + item.serial().toString(16) + ": "
                                + (reason == null
                                        ? "not on hold"
                                        : "revoked for " + reason.word() + ": that cannot be undone; issue a new one"));
            }
        }
        authority.append(items.stream()
                .distinct()
                .map(item -> authority.scribe().item("release", item, Journal.NOTHING, Journal.NOTHING))
                .toList());
    }

    /** Whoever is suspended gets no other certificate in the meantime, unless somebody says so. */
    static void requireNone(Inventory inventory, Profile profile, String id, Instant now) throws PkiProblem {
        if (inventory.isHeld(profile, id, now)) {
            throw new PkiProblem(
                    Kind.POLICY,
                    "\"" + id + "\" has a certificate that is on hold. Lift that with: gatehouse certs release " + id
                            + "; make another one with --replace");
        }
    }
}
