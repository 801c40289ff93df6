package io.gatehouse.pki;

import io.gatehouse.pki.Inventory.Item;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The end of devices' certificates: unused for too long, or followed by one in use. Guarded by its {@link Enrolment}. */
final class Retirement {
    private final Authority authority;
    private final PublishedList list;
    private final EnrolmentRules rules;
    private final Clock clock;

    Retirement(Authority authority, EnrolmentRules rules, Clock clock) {
        this.authority = authority;
        this.list = new PublishedList(authority);
        this.rules = rules;
        this.clock = clock;
    }

    /** As {@link Enrolment#sweep}. */
    List<Item> sweep() throws PkiProblem {
        authority.refresh();
        if (due(clock.instant()).isEmpty() && !list.isDue(clock.instant())) {
            return List.of();
        }
        return authority.exclusively(() -> {
            List<Item> revoked = new ArrayList<>();
            for (Item item : due(clock.instant())) {
                RevocationReason reason =
                        item.pending() ? RevocationReason.CESSATION_OF_OPERATION : RevocationReason.SUPERSEDED;
                revoked.addAll(authority.revoke(List.of(item), reason));
            }
            if (!revoked.isEmpty() || list.isDue(clock.instant())) { // or else another has just published it
                authority.publishRevocations(List.of(Profile.DEVICE), Authority.LIST_VALIDITY);
            }
            return revoked;
        });
    }

    private List<Item> due(Instant now) {
        List<Item> due = authority.inventory().items().stream()
                .filter(item -> item.revokedAt() == null && now.isBefore(item.notAfter()))
                .filter(item -> {
                    Instant retired = item.retiredAt();
                    return item.pending()
                            ? now.isAfter(item.issuedAt().plus(rules.unusedFor()))
                            : retired != null && now.isAfter(retired.plus(rules.overlap()));
                })
                .collect(Collectors.toCollection(ArrayList::new));
        // what an operator renewed with an overlap; servers' are on a list whose key is not here
        authority.inventory().overlapped(now).stream()
                .filter(item -> !item.profile().isServer() && !due.contains(item))
                .forEach(due::add);
        return due;
    }
}
