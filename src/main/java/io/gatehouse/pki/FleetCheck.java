package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Fault;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Judges the devices of a fleet against each other and against what the authority issued before. Confined to the
 * authority's thread.
 *
 * <p>What is wrong with the table stops a run whatever it was told; what is wrong with one device alone, because somebody
 * has its name or its key, stops it or leaves that device out.
 */
final class FleetCheck {
    private final Authority authority;
    private final Forms forms;
    private final Predicate<Fleet.Row> begun;
    private final Map<String, Fleet.Row> keys = new HashMap<>();

    /** In the order of the table. */
    private final List<Fault> all = new ArrayList<>();

    private final List<Fault> ofTheTable = new ArrayList<>();
    private final Map<Fleet.Row, Fault> ofOne = new LinkedHashMap<>();

    /** @param begun whether an earlier run may have issued for a device, so that it may have a certificate */
    FleetCheck(Authority authority, Fleet fleet, Forms forms, Predicate<Fleet.Row> begun) {
        this.authority = authority;
        this.forms = forms;
        this.begun = begun;
        fleet.rows().forEach(this::judge);
    }

    private void judge(Fleet.Row row) {
        row.csr().ifPresent(csr -> {
            Fleet.Row before = keys.putIfAbsent(Authority.keyHash(csr.key()), row);
            if (before != null) {
                table(new Fault(
                        "KEY_TAKEN", keyOf(row, "is that of \"" + before.id() + "\" on line " + before.line())));
            }
            if (!forms.withKey().isEmpty()) {
                table(new Fault(
                        "FORM_KEY",
                        "line " + row.line() + ": " + forms.withKey() + " would hold the key of \"" + row.id()
                                + "\", which is with the device"));
            }
        });
        keyTaken(row).or(() -> idTaken(row)).or(() -> uriTaken(row)).ifPresent(fault -> {
            all.add(fault);
            ofOne.put(row, fault);
        });
    }

    private void table(Fault fault) {
        all.add(fault);
        ofTheTable.add(fault);
    }

    /** The rule of {@link Authority#certify}: one key for two names is one device that poses as another. */
    private Optional<Fault> keyTaken(Fleet.Row row) {
        return row.csr()
                .flatMap(csr -> authority.inventory().holderOf(Authority.keyHash(csr.key())))
                .filter(holder -> !holder.equals(row.id()))
                .map(holder -> new Fault("KEY_TAKEN", keyOf(row, "belongs to \"" + holder + "\" already")));
    }

    private static String keyOf(Fleet.Row row, String whose) {
        return "line " + row.line() + ": the key of its request " + whose + "; every holder has a key of its own";
    }

    private Optional<Fault> idTaken(Fleet.Row row) {
        try {
            authority.requireFree(row.profile(), row.id(), begun.test(row));
            return Optional.empty();
        } catch (PkiProblem e) {
            return Optional.of(new Fault("ID_TAKEN", "line " + row.line() + ": " + e.getMessage()));
        }
    }

    private Optional<Fault> uriTaken(Fleet.Row row) {
        try {
            authority.inventory().requireOwn(row.profile(), row.id(), row.labels());
            return Optional.empty();
        } catch (PkiProblem e) {
            return Optional.of(new Fault("URI_TAKEN", "line " + row.line() + ": " + e.getMessage()));
        }
    }

    /**
     * The devices that are left out.
     *
     * @param skip whether they may be; if not, they are faults like any other
     * @throws PkiProblem with every fault that stops the run
     */
    Map<Fleet.Row, Fault> leftOut(boolean skip) throws PkiProblem {
        List<Fault> stopping = skip ? ofTheTable : all;
        if (!stopping.isEmpty()) {
            throw Fleet.faults(stopping);
        }
        return ofOne;
    }
}
