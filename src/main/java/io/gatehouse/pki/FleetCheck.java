package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Fault;
import java.time.Instant;
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
    private final Inventory inventory;
    private final Instant now;
    private final Fleet fleet;
    private final Forms forms;
    private final Predicate<Fleet.Row> begun;
    private final Map<String, Fleet.Row> keys = new HashMap<>();

    private final List<Fleet.Found> all;
    private final List<Fleet.Found> ofTheTable;
    private final Map<Fleet.Row, Fault> ofOne = new LinkedHashMap<>();

    /** @param begun whether an earlier run may have issued for a device, so that it may have a certificate */
    FleetCheck(Authority authority, Fleet fleet, Forms forms, Predicate<Fleet.Row> begun) {
        this.inventory = authority.inventory();
        this.now = authority.clock().instant();
        this.fleet = fleet;
        this.all = new ArrayList<>(fleet.faults());
        this.ofTheTable = new ArrayList<>(fleet.faults());
        this.forms = forms;
        this.begun = begun;
        fleet.rows().forEach(this::judge);
    }

    private void judge(Fleet.Row row) {
        row.csr().ifPresent(csr -> {
            Fleet.Row before = keys.putIfAbsent(Authority.keyHash(csr.key()), row);
            if (before != null) {
                table(keyTaken(row, "is that of \"" + before.id() + "\" on line " + before.line()));
            }
            if (!forms.withKey().isEmpty()) {
                table(fleet.fault(
                        "FORM_KEY",
                        row.line(),
                        forms.withKey() + " would hold the key of \"" + row.id() + "\", which is with the device"));
            }
        });
        keyTaken(row).or(() -> idTaken(row)).or(() -> uriTaken(row)).ifPresent(found -> {
            all.add(found);
            ofOne.put(row, found.fault());
        });
    }

    private void table(Fleet.Found found) {
        all.add(found);
        ofTheTable.add(found);
    }

    /** The rule of {@link Authority#certify}: one key for two names is one device that poses as another. */
    private Optional<Fleet.Found> keyTaken(Fleet.Row row) {
        return row.csr()
                .flatMap(csr -> inventory.holderOf(Authority.keyHash(csr.key())))
                .filter(holder -> !holder.equals(row.id()))
                .map(holder -> keyTaken(row, "belongs to \"" + holder + "\" already"));
    }

    private Fleet.Found keyTaken(Fleet.Row row, String whose) {
        return fleet.fault(
                "KEY_TAKEN", row.line(), "the key of its request " + whose + "; every holder has a key of its own");
    }

    /** The rule of {@link Authority#requireFree}. */
    private Optional<Fleet.Found> idTaken(Fleet.Row row) {
        String id = row.id();
        if (begun.test(row)) {
            return Optional.empty();
        }
        String why = inventory.isHeld(row.profile(), id, now)
                ? "on hold. Lift that with: gatehouse certs release " + id
                : inventory.active(row.profile(), id, now).isPresent()
                        ? "valid. Its next one makes: gatehouse certs renew " + id
                        : "";
        return why.isEmpty()
                ? Optional.empty()
                : Optional.of(fleet.fault(
                        "ID_TAKEN",
                        row.line(),
                        "\"" + id + "\" has a certificate that is " + why + "; without it goes on: --on-error skip"));
    }

    private Optional<Fleet.Found> uriTaken(Fleet.Row row) {
        try {
            inventory.requireOwn(row.profile(), row.id(), row.labels());
            return Optional.empty();
        } catch (PkiProblem e) {
            return Optional.of(fleet.fault("URI_TAKEN", row.line(), String.valueOf(e.getMessage())));
        }
    }

    /**
     * The devices that are left out.
     *
     * @param skip whether they may be; if not, they are faults like any other
     * @throws PkiProblem with every fault that stops the run
     */
    Map<Fleet.Row, Fault> leftOut(boolean skip) throws PkiProblem {
        List<Fleet.Found> stopping = skip ? ofTheTable : all;
        if (!stopping.isEmpty()) {
            throw Fleet.refusal(stopping);
        }
        return ofOne;
    }
}
