package io.gatehouse.pki;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What the journal amounts to: every certificate and its state, every enrolment token, every device that waits. Confined to its authority's
 * thread.
 *
 * <p>It is rebuilt from the journal whenever an authority is opened, so it can never disagree with it.
 */
public final class Inventory {
    /**
     * What became of a certificate. Pending: its holder enrolled by itself and has not logged in with it yet. Superseded: a
     * later one was made for the same holder. Held: revoked for the time being. All but the held, the revoked and the
     * expired are accepted.
     */
    public enum State {
        PENDING,
        ACTIVE,
        SUPERSEDED,
        HELD,
        REVOKED,
        EXPIRED;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A certificate that was issued.
     *
     * @param key the first half of the SHA-256 of its public key, in hex
     * @param retiredAt when its holder first logged in with the next one that it enrolled for; null: it did not
     * @param revokedAt null unless it was revoked or is on hold
     */
    public record Item(
            BigInteger serial,
            String id,
            Profile profile,
            Instant issuedAt,
            Instant notAfter,
            String key,
            boolean pending,
            boolean superseded,
            @Nullable Instant retiredAt,
            @Nullable Instant revokedAt,
            @Nullable RevocationReason reason) {

        public State state(Instant now) {
            if (revokedAt != null) {
                return isHeld() ? State.HELD : State.REVOKED;
            }
            if (now.isAfter(notAfter)) {
                return State.EXPIRED;
            }
            if (pending) {
                return State.PENDING;
            }
            return superseded ? State.SUPERSEDED : State.ACTIVE;
        }

        /** Whether it is revoked until somebody releases it or revokes it for good. */
        public boolean isHeld() {
            return reason == RevocationReason.CERTIFICATE_HOLD;
        }

        /** Whether a revocation would change it. */
        boolean mayBecome(RevocationReason why) {
            return revokedAt == null || isHeld() && why != RevocationReason.CERTIFICATE_HOLD;
        }

        private Item activated() {
            return new Item(
                    serial, id, profile, issuedAt, notAfter, key, false, superseded, retiredAt, revokedAt, reason);
        }

        private Item replaced(@Nullable Instant retirement) {
            return new Item(
                    serial,
                    id,
                    profile,
                    issuedAt,
                    notAfter,
                    key,
                    pending,
                    true,
                    retiredAt == null ? retirement : retiredAt,
                    revokedAt,
                    reason);
        }

        /** What was on hold before was not good since then. */
        private Item revoked(Instant at, RevocationReason why) {
            RevocationReason now = RevocationReason.following(reason, why);
            Instant since = revokedAt == null ? at : revokedAt;
            return new Item(serial, id, profile, issuedAt, notAfter, key, pending, superseded, retiredAt, since, now);
        }

        private Item released() {
            RevocationReason.requireHold(reason);
            return new Item(serial, id, profile, issuedAt, notAfter, key, pending, superseded, retiredAt, null, null);
        }

        public boolean expiresWithin(Duration time, Instant now) {
            return state(now) == State.ACTIVE && !notAfter.isAfter(now.plus(time));
        }
    }

    /**
     * A token with which a device may enrol once; only its hash is known.
     *
     * @param usedAt when it was used or taken back; null: it was not
     * @param usedFor the key that it was used for, as in {@link Item#key}; null: for none
     */
    public record Token(
            String hash,
            String id,
            Instant end,
            @Nullable Instant usedAt,
            @Nullable String usedFor) {
        public boolean used() {
            return usedAt != null;
        }

        public boolean usable(Instant now) {
            return usedAt == null && now.isBefore(end);
        }
    }

    private static final Duration DAY = Duration.ofDays(1);

    private final Map<BigInteger, Item> items = new LinkedHashMap<>();
    private final Map<String, BigInteger> latest = new LinkedHashMap<>();
    private final Map<String, String> keys = new LinkedHashMap<>();
    /** What was said of holders: their URIs, and whose each of these is for ever; their groups. */
    private final Map<String, String> uris = new LinkedHashMap<>();

    private final Map<String, String> uriHolders = new LinkedHashMap<>();
    /** When certificates are to be revoked that have a successor. */
    private final Map<BigInteger, Instant> overlaps = new LinkedHashMap<>();

    /** Those of them that are on hold; few. */
    private final Set<BigInteger> held = new LinkedHashSet<>();

    private final Map<String, String> groups = new LinkedHashMap<>();
    private final Map<String, Token> tokens = new LinkedHashMap<>();
    /** When devices enrolled, of the last day. */
    private final Deque<Instant> enrolments = new ArrayDeque<>();

    private final Applications applications = new Applications();

    private long listNumber;
    /** How often something was revoked or released. */
    private long revocations;

    private String organisation = "Gatehouse";
    private String uriTemplate = AuthorityOptions.DEFAULT_URI;

    /** @throws UnfitEntry if it cannot follow on what is known */
    void apply(Journal.Entry entry) {
        try {
            step(entry);
        } catch (DateTimeException | IllegalArgumentException e) {
            throw new UnfitEntry("a time, a number or a profile that is none");
        }
    }

    private void step(Journal.Entry entry) {
        switch (entry.action()) {
            case "create" -> {
                organisation = entry.id();
                uriTemplate = entry.detail().equals(Journal.NOTHING) ? "" : entry.detail();
            }
            case "issue" -> issued(entry);
            case "enrol" -> {
                enrolled(entry);
                applications.granted(entry.id(), entry.key());
            }
            case "request", "request-approved", "request-refused" -> applications.apply(entry);
            case "uri" -> {
                String holder = name(Profile.ofWord(entry.profile()), entry.id());
                uris.put(holder, entry.detail());
                uriHolders.putIfAbsent(entry.detail(), holder);
            }
            case "group" -> groups.put(name(Profile.ofWord(entry.profile()), entry.id()), entry.detail());
            case "retire" -> overlaps.put(new BigInteger(entry.serial(), 16), Instant.parse(entry.detail()));
            case "activate" -> activated(entry);
            case "revoke" -> {
                RevocationReason reason = RevocationReason.ofWord(entry.detail());
                revocation(entry, item -> item.revoked(Instant.parse(entry.time()), reason));
            }
            case "release" -> revocation(entry, Item::released);
            case "crl" -> listNumber = Math.max(listNumber, Long.parseLong(entry.detail()));
            case "token" ->
                tokens.put(
                        entry.serial(), new Token(entry.serial(), entry.id(), Instant.parse(entry.end()), null, null));
            case "token-used", "token-revoked" ->
                tokens.computeIfPresent(
                        entry.serial(),
                        (hash, token) -> new Token(
                                hash,
                                token.id(),
                                token.end(),
                                Instant.parse(entry.time()),
                                entry.key().equals(Journal.NOTHING) ? null : entry.key()));
            default -> throw new UnfitEntry("unknown action " + entry.action());
        }
    }

    /** What is known of a certificate from an earlier look at the journal, before the lines that came after that. */
    void seed(Item item, boolean latestOfHolder, String group) {
        String holder = name(item.profile(), item.id());
        items.put(item.serial(), item);
        if (latestOfHolder) {
            latest.put(holder, item.serial());
        }
        if (item.isHeld()) {
            held.add(item.serial());
        }
        if (!group.isEmpty()) {
            groups.put(holder, group);
        }
    }

    /** Whether it is the one that its holder goes by. */
    boolean isLatest(Item item) {
        return item.serial().equals(latest.get(name(item.profile(), item.id())));
    }

    private void revocation(Journal.Entry entry, UnaryOperator<Item> change) {
        Item item = items.get(new BigInteger(entry.serial(), 16));
        if (item == null) {
            throw new UnfitEntry(entry.action() + " of what was never issued");
        }
        Item changed = change.apply(item);
        items.put(changed.serial(), changed);
        if (changed.isHeld()) {
            held.add(changed.serial());
        } else {
            held.remove(changed.serial());
        }
        revocations++;
    }

    private void issued(Journal.Entry entry) {
        Item item = add(entry, false);
        BigInteger before = latest.put(name(item.profile(), item.id()), item.serial());
        if (before != null) {
            items.computeIfPresent(before, (serial, old) -> old.replaced(null));
        }
    }

    /** The one before goes on being the holder's until the new one was used: a reply that got lost takes nothing away. */
    private void enrolled(Journal.Entry entry) {
        Item item = add(entry, true);
        enrolments.addLast(item.issuedAt());
        while (!enrolments.isEmpty()
                && enrolments.getFirst().isBefore(item.issuedAt().minus(DAY))) {
            enrolments.removeFirst();
        }
    }

    private Item add(Journal.Entry entry, boolean pending) {
        Item item = new Item(
                new BigInteger(entry.serial(), 16),
                entry.id(),
                Profile.ofWord(entry.profile()),
                Instant.parse(entry.time()),
                Instant.parse(entry.end()),
                entry.key(),
                pending,
                false,
                null,
                null,
                null);
        if (items.putIfAbsent(item.serial(), item) != null) { // it would take a revocation back
            throw new UnfitEntry("serial " + entry.serial() + " was issued before");
        }
        keys.putIfAbsent(entry.key(), entry.id());
        return item;
    }

    private void activated(Journal.Entry entry) {
        Item item = items.computeIfPresent(new BigInteger(entry.serial(), 16), (serial, old) -> old.activated());
        if (item == null) {
            return;
        }
        BigInteger before = latest.put(name(item.profile(), item.id()), item.serial());
        if (before != null && !before.equals(item.serial())) {
            items.computeIfPresent(before, (serial, old) -> old.replaced(Instant.parse(entry.time())));
        }
    }

    /** Names of servers and of clients are apart: a device may be called as a server is. */
    static String name(Profile profile, String id) {
        return (profile.isClient() ? "client" : profile.word()) + " " + id;
    }

    /** The group that a certificate's holder was put in; empty if in none. */
    public String groupOf(Item item) {
        return groups.getOrDefault(name(item.profile(), item.id()), "");
    }

    /** The URI that stands in a client's certificates; empty if none does. */
    String uriOf(Profile profile, String id) {
        String own = uris.get(name(profile, id));
        return own != null ? own : uriTemplate.isEmpty() ? "" : profile.uri(uriTemplate, id);
    }

    /** Whether clients' certificates have a URI where nothing else was said of their holder. */
    boolean namesByUri() {
        return !uriTemplate.isEmpty();
    }

    /** The certificates that are accepted beside their successors, though the time for that is over. */
    public List<Item> overlapped(Instant now) {
        return overlaps.entrySet().stream()
                .filter(entry -> !now.isBefore(entry.getValue()))
                .flatMap(entry -> bySerial(entry.getKey()).stream())
                .filter(item -> item.revokedAt() == null && now.isBefore(item.notAfter()))
                .toList();
    }

    /** Whether what is said of a holder was not said before. */
    boolean isNews(String action, Profile profile, String id, String text) {
        return !text.equals((action.equals("uri") ? uris : groups).get(name(profile, id)));
    }

    /**
     * Refuses what would make one holder another.
     *
     * @throws PkiProblem if the URI is another's, by the template or because it was given to another before
     */
    void requireOwn(Profile profile, String id, Labels labels) throws PkiProblem {
        String another = labels.another(uriTemplate, profile, id);
        if (!another.isEmpty()) {
            throw new PkiProblem(
                    PkiProblem.Kind.POLICY,
                    "the URI " + labels.uri() + " is that of \"" + another + "\" by this authority's template");
        }
        String holder = uriHolders.get(String.valueOf(labels.uri()));
        if (holder != null && !holder.equals(name(profile, id))) {
            throw new PkiProblem(
                    PkiProblem.Kind.POLICY,
                    "the URI " + labels.uri() + " belongs to \"" + holder.substring(holder.indexOf(' ') + 1)
                            + "\" already, for ever");
        }
    }

    /** Every certificate, oldest first. */
    public Collection<Item> items() {
        return Collections.unmodifiableCollection(items.values());
    }

    public Optional<Item> bySerial(BigInteger serial) {
        return Optional.ofNullable(items.get(serial));
    }

    /** Every certificate of a holder, oldest first. */
    public List<Item> byId(String id) {
        List<Item> found = new ArrayList<>();
        items.values().stream().filter(item -> item.id().equals(id)).forEach(found::add);
        return found;
    }

    /** The certificate a holder got last, if it is accepted still. */
    Optional<Item> active(Profile profile, String id, Instant now) {
        return Optional.ofNullable(latest.get(name(profile, id)))
                .flatMap(this::bySerial)
                .filter(item -> item.state(now) == State.ACTIVE);
    }

    /** The certificates of a holder for one key, oldest first. */
    List<Item> ofKey(String id, String key) {
        return keys.containsKey(key)
                ? byId(id).stream().filter(item -> item.key().equals(key)).toList()
                : List.of();
    }

    /** Whose public key this is, if it was certified before. */
    Optional<String> holderOf(String keyHash) {
        return Optional.ofNullable(keys.get(keyHash));
    }

    public Collection<Token> tokens() {
        return Collections.unmodifiableCollection(tokens.values());
    }

    /** Devices that wait for an operator. */
    Applications applications() {
        return applications;
    }

    /** A holder's token, compared in a time that tells nothing about it. */
    Optional<Token> token(String id, String hash) {
        Token found = tokens.get(hash); // by a hash that nobody can aim
        boolean same = found != null
                && MessageDigest.isEqual(
                        found.hash().getBytes(StandardCharsets.US_ASCII), hash.getBytes(StandardCharsets.US_ASCII))
                && MessageDigest.isEqual(
                        found.id().getBytes(StandardCharsets.UTF_8), id.getBytes(StandardCharsets.UTF_8));
        return same ? Optional.ofNullable(found) : Optional.empty();
    }

    /** How many certificates devices enrolled for within the last day. */
    int enrolledWithinADay(Instant now) {
        Instant since = now.minus(DAY);
        return (int) enrolments.stream().filter(at -> at.isAfter(since)).count();
    }

    /** How often something was revoked, held or released: while it is the same, so are the revocation lists. */
    long revocations() {
        return revocations;
    }

    /** Whether a holder has a certificate that is on hold and would be accepted if it were not. */
    boolean isHeld(Profile profile, String id, Instant now) {
        String holder = name(profile, id);
        return held.stream()
                .flatMap(serial -> bySerial(serial).stream())
                .anyMatch(item -> name(item.profile(), item.id()).equals(holder) && now.isBefore(item.notAfter()));
    }

    /** The number of the last revocation list; numbers only grow (RFC 5280, 5.2.3). */
    long listNumber() {
        return listNumber;
    }

    public String organisation() {
        return organisation;
    }
}
