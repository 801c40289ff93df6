package io.gatehouse.pki;

import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the journal amounts to: every certificate and its state, every enrolment token. Confined to its authority's
 * thread.
 *
 * <p>It is rebuilt from the journal whenever an authority is opened, so it can never disagree with it.
 */
public final class Inventory {
    /** What became of a certificate. Superseded: a later one was made for the same holder; it is still accepted. */
    public enum State {
        ACTIVE,
        SUPERSEDED,
        REVOKED,
        EXPIRED
    }

    /**
     * A certificate that was issued.
     *
     * @param revokedAt null unless it was revoked
     */
    public record Item(
            BigInteger serial,
            String id,
            Profile profile,
            Instant issuedAt,
            Instant notAfter,
            boolean superseded,
            @Nullable Instant revokedAt,
            @Nullable RevocationReason reason) {

        public State state(Instant now) {
            if (revokedAt != null) {
                return State.REVOKED;
            }
            if (now.isAfter(notAfter)) {
                return State.EXPIRED;
            }
            return superseded ? State.SUPERSEDED : State.ACTIVE;
        }

        public boolean expiresWithin(Duration time, Instant now) {
            return state(now) == State.ACTIVE && !notAfter.isAfter(now.plus(time));
        }
    }

    /** A token with which a device may enrol once; only its hash is known. */
    public record Token(String hash, String id, Instant end, boolean used) {
        public boolean usable(Instant now) {
            return !used && now.isBefore(end);
        }
    }

    private final Map<BigInteger, Item> items = new LinkedHashMap<>();
    private final Map<String, BigInteger> latest = new LinkedHashMap<>();
    private final Map<String, String> keys = new LinkedHashMap<>();
    private final Map<String, Token> tokens = new LinkedHashMap<>();
    private long listNumber;
    private String organisation = "Gatehouse";
    private String uriTemplate = AuthorityOptions.DEFAULT_URI;

    void apply(Journal.Entry entry) {
        switch (entry.action()) {
            case "create" -> {
                organisation = entry.id();
                uriTemplate = entry.detail().equals(Journal.NOTHING) ? "" : entry.detail();
            }
            case "issue" -> issued(entry);
            case "revoke" ->
                items.computeIfPresent(new BigInteger(entry.serial(), 16), (serial, item) -> revoked(item, entry));
            case "crl" -> listNumber = Math.max(listNumber, Long.parseLong(entry.detail()));
            case "token" ->
                tokens.put(entry.serial(), new Token(entry.serial(), entry.id(), Instant.parse(entry.end()), false));
            case "token-used", "token-revoked" ->
                tokens.computeIfPresent(
                        entry.serial(), (hash, token) -> new Token(hash, token.id(), token.end(), true));
            default -> throw new IllegalStateException("unknown action in the journal: " + entry.action());
        }
    }

    private void issued(Journal.Entry entry) {
        Item item = new Item(
                new BigInteger(entry.serial(), 16),
                entry.id(),
                Profile.ofWord(entry.profile()),
                Instant.parse(entry.time()),
                Instant.parse(entry.end()),
                false,
                null,
                null);
        items.put(item.serial(), item);
        keys.putIfAbsent(entry.key(), entry.id());
        BigInteger before = latest.put(name(item.profile(), item.id()), item.serial());
        if (before != null) {
            items.computeIfPresent(
                    before,
                    (serial, old) -> new Item(
                            serial,
                            old.id(),
                            old.profile(),
                            old.issuedAt(),
                            old.notAfter(),
                            true,
                            old.revokedAt(),
                            old.reason()));
        }
    }

    private static Item revoked(Item item, Journal.Entry entry) {
        return new Item(
                item.serial(),
                item.id(),
                item.profile(),
                item.issuedAt(),
                item.notAfter(),
                item.superseded(),
                Instant.parse(entry.time()),
                RevocationReason.ofWord(entry.detail()));
    }

    /** Names of servers and of clients are apart: a device may be called as a server is. */
    private static String name(Profile profile, String id) {
        return (profile.isServer() ? "server " : "client ") + id;
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

    /** Whose public key this is, if it was certified before. */
    Optional<String> holderOf(String keyHash) {
        return Optional.ofNullable(keys.get(keyHash));
    }

    public Collection<Token> tokens() {
        return Collections.unmodifiableCollection(tokens.values());
    }

    Optional<Token> token(String hash) {
        return Optional.ofNullable(tokens.get(hash));
    }

    /** The number of the last revocation list; numbers only grow (RFC 5280, 5.2.3). */
    long listNumber() {
        return listNumber;
    }

    public String organisation() {
        return organisation;
    }

    String uriTemplate() {
        return uriTemplate;
    }
}
