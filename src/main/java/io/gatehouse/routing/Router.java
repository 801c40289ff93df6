package io.gatehouse.routing;

import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.AuthorizedPublish;
import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Prospect;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.RetainHandling;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import io.gatehouse.session.Restorer;
import io.gatehouse.session.Session;
import io.gatehouse.store.Changes;
import io.gatehouse.store.Recovered;
import io.gatehouse.store.Store;
import io.gatehouse.topic.FilterTree;
import io.gatehouse.topic.NameTree;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Carries an authorized message to every session that wants it and may have it, and keeps the retained ones.
 *
 * <p>Any thread: a message is routed on its publisher's, start to end, without a lock of its own. A session gets one copy,
 * however many of its filters match, at the highest quality of service among them and with all their identifiers
 * [MQTT-3.3.4-2, -4].
 */
public final class Router {
    private final Authorizer authorizer;
    private final Store store;
    private final RouterLimits limits;
    private final Metrics metrics;
    private final Clock clock;
    private final FilterTree<Subscriber> subscribers = new FilterTree<>();
    private final FilterTree<ShareGroup> groups = new FilterTree<>();
    private final Map<TopicFilter, ShareGroup> groupsByFilter = new ConcurrentHashMap<>();
    private final NameTree<Retained> retained = new NameTree<>();
    private final AtomicLong retainedBytes = new AtomicLong();
    private final AtomicInteger retainedByUs = new AtomicInteger();
    private final ThreadLocal<Route> routes = ThreadLocal.withInitial(Route::new);

    public Router(Authorizer authorizer, Store store, RouterLimits limits, Metrics metrics, Clock clock) {
        this.authorizer = authorizer;
        this.store = store;
        this.limits = limits;
        this.metrics = metrics;
        this.clock = clock;
    }

    /** Routes one message for which nobody waits until it is durable. */
    public Routed route(AuthorizedPublish publish) {
        Changes changes = new Changes();
        try {
            return route(publish, changes, false);
        } finally {
            append(changes);
        }
    }

    private void append(Changes changes) {
        if (!changes.isEmpty()) {
            store.append(changes);
        }
    }

    /**
     * Routes one message, and keeps it if it is to be retained.
     *
     * @param changes what becomes durable with it, to be appended by the caller whatever comes of it
     */
    public Routed route(AuthorizedPublish publish, Changes changes) {
        return route(publish, changes, publish.message().qos().isAcknowledged());
    }

    /** @param comesAgain whether a publisher that is refused sends it again: then nobody may have it already */
    private Routed route(AuthorizedPublish publish, Changes changes, boolean comesAgain) {
        Message message = publish.message();
        boolean retainRefused = message.retain() && !retain(publish);
        if (retainRefused && comesAgain) {
            return new Routed(0, 0, true);
        }
        Route route = routes.get();
        // a delivery never routes; should one ever, it finds the scratch in use and takes its own
        Route mine = route.busy ? new Route() : route;
        return mine.run(publish, retainRefused, changes);
    }

    /** The scratch of one message's way: who matched, and the packet that all QoS 0 subscribers share. */
    private final class Route {
        private final List<Subscriber> found = new ArrayList<>();
        private boolean busy;

        Routed run(AuthorizedPublish publish, boolean retainRefused, Changes changes) {
            busy = true;
            try {
                return deliver(publish, retainRefused, changes);
            } finally {
                found.clear();
                busy = false;
            }
        }

        private Routed deliver(AuthorizedPublish publish, boolean retainRefused, Changes changes) {
            Message message = publish.message();
            TopicName topic = message.topic();
            ClientId publisher = publish.publisher().clientId();
            subscribers.match(topic, found::add);
            groups.match(topic, group -> {
                Subscriber chosen = group.choose(topic, message.qos().isAcknowledged());
                if (chosen != null) {
                    found.add(chosen);
                }
            });
            int matched = 0;
            int refused = 0;
            Message plain = message.withRetain(false); // [MQTT-3.3.1-12]
            Packet.Publish shared = null;
            Packet.Publish sharedRetained = null;
            Map<Session, Merged> merged = null;
            for (int i = 0; i < found.size(); i++) {
                Subscriber subscriber = found.get(i);
                Subscription subscription = subscriber.proof().subscription();
                if (subscription.noLocal() && subscriber.session().clientId().equals(publisher)) {
                    continue; // [MQTT-3.8.3-3]
                }
                if (!subscription.filter().isShared() && !subscriber.proof().permits(topic)) {
                    continue;
                }
                // overlapping filters of one session are one copy; a shared subscription delivers for itself
                boolean mayOverlap = found.size() > 1 && !subscription.filter().isShared();
                if (mayOverlap && subscriber.session().subscriptionCount() > 1) {
                    merged = merged == null ? new IdentityHashMap<>() : merged;
                    merged.computeIfAbsent(subscriber.session(), session -> new Merged(subscriber.proof()))
                            .add(subscriber.proof());
                    continue;
                }
                boolean asPublished = message.retain() && subscription.retainAsPublished(); // [MQTT-3.3.1-13]
                Message sent =
                        (asPublished ? message : plain).withQos(message.qos().atMost(subscription.qos()));
                Packet.Publish packet = null;
                if (sent.qos() == Qos.AT_MOST_ONCE && subscription.identifier() == Subscription.NO_IDENTIFIER) {
                    if (asPublished) {
                        sharedRetained = sharedRetained == null ? packet(sent) : sharedRetained;
                        packet = sharedRetained;
                    } else {
                        shared = shared == null ? packet(sent) : shared;
                        packet = shared;
                    }
                }
                matched++;
                refused += hand(
                        subscriber.session(), subscriber.proof(), sent, identifiers(subscription), packet, changes);
            }
            if (merged != null) {
                for (Map.Entry<Session, Merged> entry : merged.entrySet()) {
                    Merged all = entry.getValue();
                    boolean asPublished = message.retain() && all.retainAsPublished;
                    Message sent = (asPublished ? message : plain)
                            .withQos(message.qos().atMost(all.qos));
                    matched++;
                    refused += hand(entry.getKey(), all.proof, sent, all.identifiers, null, changes);
                }
            }
            return new Routed(matched, refused, retainRefused);
        }
    }

    /** The subscriptions of one session that match one message. */
    private static final class Merged {
        private AuthorizedSubscription proof;
        private Qos qos = Qos.AT_MOST_ONCE;
        private boolean retainAsPublished;
        private final List<Integer> identifiers = new ArrayList<>(2);

        Merged(AuthorizedSubscription first) {
            this.proof = first;
        }

        void add(AuthorizedSubscription next) {
            Subscription subscription = next.subscription();
            if (subscription.qos().compareTo(qos) > 0) {
                qos = subscription.qos();
                proof = next;
            }
            retainAsPublished |= subscription.retainAsPublished();
            if (subscription.identifier() != Subscription.NO_IDENTIFIER) {
                identifiers.add(subscription.identifier());
            }
        }
    }

    private static Packet.Publish packet(Message message) {
        return Packet.Publish.of(message, 0, false, List.of());
    }

    private static List<Integer> identifiers(Subscription subscription) {
        return subscription.identifier() == Subscription.NO_IDENTIFIER ? List.of() : List.of(subscription.identifier());
    }

    private static int hand(
            Session session,
            AuthorizedSubscription proof,
            Message message,
            List<Integer> identifiers,
            Packet.@Nullable Publish shared,
            Changes changes) {
        return session.deliver(message, proof, identifiers, shared, changes) == Session.Outcome.FULL ? 1 : 0;
    }

    // subscriptions

    /** Lets a session hear from now on; one with the same filter is replaced without a gap [MQTT-3.8.4-3]. */
    public void subscribe(Session session, AuthorizedSubscription proof) {
        TopicFilter filter = proof.subscription().filter();
        Subscriber subscriber = new Subscriber(session, proof);
        if (filter.isShared()) {
            groupsByFilter.compute(filter, (key, group) -> {
                ShareGroup members = group;
                if (members == null) {
                    members = new ShareGroup();
                    groups.put(filter.pattern(), filter, members);
                }
                members.put(subscriber);
                return members;
            });
        } else {
            subscribers.put(filter.pattern(), session, subscriber);
        }
        if (session.isEnded()) { // whoever took it over may have looked before this one was there
            unsubscribe(session, filter);
        }
    }

    public void unsubscribe(Session session, TopicFilter filter) {
        if (filter.isShared()) {
            groupsByFilter.computeIfPresent(filter, (key, group) -> {
                if (group.remove(session)) {
                    groups.remove(filter.pattern(), filter);
                    return null;
                }
                return group;
            });
        } else {
            subscribers.remove(filter.pattern(), session);
        }
    }

    /** Takes a session that ended out of everything. */
    public void forget(Session session) {
        session.subscriptions()
                .forEach(proof -> unsubscribe(session, proof.subscription().filter()));
    }

    public int subscriptionCount() {
        return subscribers.size();
    }

    public int sharedSubscriptionCount() {
        return groupsByFilter.values().stream().mapToInt(ShareGroup::size).sum();
    }

    // retained messages

    /** Keeps a retained message, or takes the one of its topic away if it is empty; false if there is no room. */
    private boolean retain(AuthorizedPublish publish) {
        Message message = publish.message();
        boolean ours = isOurs(message.topic());
        if (message.payload().isEmpty()) { // [MQTT-3.3.1-6]
            forget(message.topic());
            return true;
        }
        if (!ours && !store.isWritable()) { // whatever its quality of service: each one is appended
            metrics.publishDropped.increment();
            return false;
        }
        Retained kept = new Retained(message, publish.publisher(), clock.millis());
        Retained before = retained.get(message.topic());
        long more = kept.sizeBytes() - (before == null ? 0 : before.sizeBytes());
        if (!ours
                && (before == null && retained.size() - retainedByUs.get() >= limits.maxRetained()
                        || retainedBytes.get() + more > limits.maxRetainedBytes())) {
            metrics.publishDropped.increment();
            return false;
        }
        synchronized (retained) { // the store hears of changes in the order in which the tree has them
            Retained replaced = retained.put(message.topic(), kept);
            if (ours) {
                retainedByUs.addAndGet(replaced == null ? 1 : 0);
            } else {
                retainedBytes.addAndGet(kept.sizeBytes() - (replaced == null ? 0L : replaced.sizeBytes()));
                Changes changes = new Changes();
                changes.retain(kept.record());
                store.append(changes);
            }
        }
        return true;
    }

    /** The broker's own: they take no room from clients, and clients none from them; the next broker says them anew. */
    private static boolean isOurs(TopicName topic) {
        return topic.text().startsWith("$SYS/");
    }

    private void forget(TopicName topic) {
        synchronized (retained) {
            Retained removed = retained.remove(topic);
            if (removed != null) {
                if (isOurs(topic)) {
                    retainedByUs.decrementAndGet();
                } else {
                    retainedBytes.addAndGet(-removed.sizeBytes());
                    Changes changes = new Changes();
                    changes.forget(topic.text());
                    store.append(changes);
                }
            }
        }
    }

    /** Takes over the retained messages that an earlier run of the broker left; those that expired meanwhile go. */
    public void recover(Collection<Recovered.Retained> found, Restorer restorer) {
        long now = clock.millis();
        for (Recovered.Retained one : found) {
            Retained kept = new Retained(one.message(), restorer.rights(one.publisher()), one.storedAtMillis());
            retained.put(one.message().topic(), kept);
            retainedBytes.addAndGet(kept.sizeBytes());
            if (kept.isExpired(now)) {
                forget(one.message().topic());
            }
        }
    }

    /** Lets a session that was recovered hear again what it subscribed to. */
    public void recover(Session session) {
        session.subscriptions().forEach(proof -> subscribe(session, proof));
    }

    /**
     * Replays what is retained under a subscription, as its retain handling wants.
     *
     * @param isNew whether the session had no subscription with this filter before
     */
    public void replay(Session session, AuthorizedSubscription proof, boolean isNew) {
        Subscription subscription = proof.subscription();
        boolean wanted = subscription.retainHandling() == RetainHandling.ALWAYS
                || subscription.retainHandling() == RetainHandling.IF_NEW && isNew;
        if (!wanted || subscription.filter().isShared()) { // section 4.8.2: never for shared subscriptions
            return;
        }
        long now = clock.millis();
        Changes changes = new Changes();
        List<Retained> matching = new ArrayList<>();
        retained.match(subscription.filter().pattern(), matching::add);
        for (Retained one : matching) {
            TopicName topic = one.message().topic();
            if (one.isExpired(now)) {
                forget(topic);
                continue;
            }
            // both ends again: who hears it now, and whether who left it still might (CVE-2018-12546)
            if (!proof.permits(topic)) {
                continue;
            }
            if (!authorizer.mayStillPublish(one.publisher(), topic)) {
                metrics.retainedWithheld.increment();
            } else {
                Message message = one.messageAt(now)
                        .withRetain(true)
                        .withQos(one.message().qos().atMost(subscription.qos()));
                session.deliver(message, proof, identifiers(subscription), null, changes);
            }
        }
        append(changes);
    }

    /**
     * How many retained messages are kept and not replayed, because whoever left them may no longer publish them. Looks at
     * every one.
     */
    public int withheldCount() {
        int[] withheld = new int[1];
        retained.each(one -> {
            if (!authorizer.mayStillPublish(one.publisher(), one.message().topic())) {
                withheld[0]++;
            }
        });
        return withheld[0];
    }

    /** How many retained messages another policy would take out of replay. Looks at every one. */
    public int wouldWithhold(Prospect prospect) {
        int[] withheld = new int[1];
        retained.each(one -> {
            if (prospect.withholds(one.publisher(), one.message().topic())) {
                withheld[0]++;
            }
        });
        return withheld[0];
    }

    public int retainedCount() {
        return retained.size();
    }

    public long retainedBytes() {
        return retainedBytes.get();
    }
}
