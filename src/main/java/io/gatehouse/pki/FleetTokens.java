package io.gatehouse.pki;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Tokens for the devices of a table, which enrol by themselves: what the table says of them is journalled before, so that it
 * is in the certificates that they will get. Stateless.
 */
public final class FleetTokens {
    private FleetTokens() {}

    /**
     * Judges a table that is good by itself.
     *
     * @throws PkiProblem with every line that a token cannot be made for; or because the authority has ended
     */
    public static void check(Authority authority, Fleet fleet) throws PkiProblem {
        List<Fleet.Found> faults = new ArrayList<>();
        for (Fleet.Row row : fleet.rows()) {
            if (row.profile() != Profile.DEVICE) {
                faults.add(fleet.fault(
                        "TOKEN_PROFILE",
                        row.line(),
                        "\"" + row.id() + "\" would enrol as a device, and is to be of the profile "
                                + row.profile().word() + "; issue it without tokens: gatehouse certs batch"));
            } else if (row.csr().isPresent()) {
                faults.add(fleet.fault(
                        "TOKEN_CSR",
                        row.line(),
                        "the request of \"" + row.id() + "\" is here already, and whoever enrols sends it; issue it"
                                + " without tokens: gatehouse certs batch"));
            }
            try {
                authority.inventory().requireOwn(row.profile(), row.id(), row.labels());
            } catch (PkiProblem e) {
                faults.add(fleet.fault("URI_TAKEN", row.line(), String.valueOf(e.getMessage())));
            }
        }
        if (!faults.isEmpty()) {
            throw Fleet.refusal(faults);
        }
        authority.issuer(Profile.DEVICE); // one that ended enrols nobody
    }

    /** How many have a device serial number in the table, which only a certificate made from the table has. */
    public static long withSerial(Fleet fleet) {
        return fleet.rows().stream().filter(row -> row.deviceSerial() != null).count();
    }

    /** A token for each, in their order, after what is said of them is on the disk. */
    public static List<String> make(Authority authority, Fleet fleet, Duration time) throws PkiProblem {
        check(authority, fleet);
        List<Journal.Entry> labels = new ArrayList<>();
        for (Fleet.Row row : fleet.rows()) {
            String uri = row.labels().uri();
            String group = row.labels().group();
            if (uri != null && authority.inventory().isNews("uri", row.profile(), row.id(), uri)) {
                labels.add(authority.scribe().label("uri", row.profile(), row.id(), uri));
            }
            if (group != null && authority.inventory().isNews("group", row.profile(), row.id(), group)) {
                labels.add(authority.scribe().label("group", row.profile(), row.id(), group));
            }
        }
        if (!labels.isEmpty()) {
            authority.append(labels);
        }
        return authority.tokens(fleet.rows().stream().map(Fleet.Row::id).toList(), time);
    }
}
