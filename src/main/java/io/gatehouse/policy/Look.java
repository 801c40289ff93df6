package io.gatehouse.policy;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one principal's rights are under the policy in force, looked at once and not remembered. Confined to one thread, and
 * meant to be dropped at once.
 *
 * <p>Whoever looks at very many leaves nothing behind: no binding is made for a client that is away and may never need it,
 * and the collector finds nothing new in all that is old. What a later question needs is bound by that question.
 */
public final class Look {
    private final Rights rights;
    private final Binding binding;
    private final long stamp;

    /** @param stamp of the rights, from before they were bound */
    Look(Rights rights, Binding binding, long stamp) {
        this.rights = rights;
        this.binding = binding;
        this.stamp = stamp;
    }

    /** Why the principal may not stay connected; null: it may. */
    public @Nullable Denied gone() {
        return binding.refusal();
    }

    /** What has changed for one of its subscriptions since that was last looked at. */
    public AuthorizedSubscription.Change at(AuthorizedSubscription subscription) {
        return subscription.rights() == rights
                ? subscription.look(binding, stamp)
                : subscription.rights().look().at(subscription);
    }

    /** Why one of its subscriptions is not granted any more; empty if it is. */
    public Optional<Denied> why(AuthorizedSubscription subscription) {
        return subscription.rights() == rights
                ? rights.authorizer()
                        .refusal(binding, subscription.subscription().filter())
                : subscription.rights().look().why(subscription);
    }
}
