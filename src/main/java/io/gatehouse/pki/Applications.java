package io.gatehouse.pki;

import io.gatehouse.pki.Application.Decision;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What the journal says of devices that wait for an operator: a part of the inventory, and confined to its thread.
 *
 * <p>One waits for each id. What was refused stands beside them by its key, so that its sender is told, and does not take
 * the place of the device it said it is. What is over is forgotten with the next line.
 */
final class Applications {
    /** In the journal, of one that may get a certificate beside the one its device has. */
    static final String REPLACE = "replace";

    private final Map<String, Application> open = new LinkedHashMap<>();
    private final Map<String, Application> refused = new LinkedHashMap<>();

    /** Reads {@code request}, {@code request-approved} or {@code request-refused}. */
    void apply(Journal.Entry entry) {
        Instant at = Instant.parse(entry.time());
        Predicate<Application> over = one -> !one.isOpen(at);
        open.values().removeIf(over);
        refused.values().removeIf(over);
        Instant end = Instant.parse(entry.end());
        switch (entry.action()) {
            case "request" -> {
                String[] from = entry.detail().split(" ", -1);
                open.put(
                        entry.id(),
                        new Application(
                                entry.id(),
                                entry.serial(),
                                from[0],
                                from.length > 1 ? from[1] : null,
                                at,
                                end,
                                Decision.WAITING,
                                false));
            }
            case "request-approved" ->
                open.computeIfPresent(
                        entry.id(),
                        (id, one) -> one.decided(
                                Decision.APPROVED, end, entry.detail().equals(REPLACE)));
            case "request-refused" -> {
                Application gone = open.remove(entry.id());
                if (gone != null) {
                    refused.put(gone.key(), gone.decided(Decision.REFUSED, end, false));
                }
            }
            default -> throw new IllegalStateException("not about a request: " + entry.action());
        }
    }

    /** A device got its certificate. */
    void granted(String id, String key) {
        open.computeIfPresent(id, (same, one) -> one.key().equals(key) ? null : one);
    }

    /** What waits for an id, or is approved. */
    Optional<Application> of(String id, Instant now) {
        return Optional.ofNullable(open.get(id)).filter(one -> one.isOpen(now));
    }

    boolean isRefused(String key, Instant now) {
        Application one = refused.get(key);
        return one != null && one.isOpen(now);
    }

    /** Whether a key waits for another id. */
    boolean isOfAnother(String id, String key, Instant now) {
        return open.values().stream()
                .anyMatch(one ->
                        one.isOpen(now) && one.key().equals(key) && !one.id().equals(id));
    }

    long waiting(Instant now) {
        return open.values().stream().filter(one -> one.isOpen(now)).count();
    }

    /** Those that nobody decided about. */
    int undecided(Instant now) {
        return (int) open.values().stream()
                .filter(one -> one.isOpen(now) && one.decision() == Decision.WAITING)
                .count();
    }

    long waitingFrom(String address, Instant now) {
        return open.values().stream()
                .filter(one -> one.isOpen(now) && one.from().equals(address))
                .count();
    }

    /** All that somebody can still decide about or that was decided, oldest first. */
    List<Application> all(Instant now) {
        List<Application> all = new ArrayList<>(open.values());
        all.addAll(refused.values());
        all.removeIf(one -> !one.isOpen(now));
        return all;
    }
}
