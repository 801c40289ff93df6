package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A certificate authority in a folder: one root, and under it one authority for devices and one for servers, so that no
 * device can ever pose as the broker. Confined to one thread, and to one process by its lock; closed after use.
 *
 * <p>Whatever it does is journalled, and synced to disk, before it is handed out: after a crash there is either no trace
 * of a certificate or a journalled one.
 *
 * <p>Over 400 lines because everything that appends to the journal is in this one file.
 */
public final class Authority implements AutoCloseable {
    /** A week of holidays must not lock a fleet out (RFC 5280, 5.1.2.5: nextUpdate). */
    public static final Duration LIST_VALIDITY = Duration.ofDays(7);

    /** How long a command waits for one that stands, which holds the lock for a signature at a time. */
    static final Duration MOMENT = Duration.ofSeconds(2);

    /** How long a standing authority waits for a command that is changing something. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final AuthorityFolder folder;
    private final Clock clock;
    private final Scribe scribe;
    private final Signer signer;
    private final ProfileBook profiles;
    /** Null for one that stands: it takes the lock for each thing it does. */
    private @Nullable AuthorityLock lock;

    private final Inventory inventory = new Inventory();
    private final Journal journal;
    private final char[] passphrase;
    private final X509Certificate root;
    private final X509Certificate deviceIssuer;
    private final X509Certificate serverIssuer;
    /** Decrypted when first needed: each costs half a second. */
    private final Map<Profile, Signer.Issuer> issuers = new EnumMap<>(Profile.class);

    private Authority(AuthorityFolder folder, char[] passphrase, Clock clock, AuthorityLock lock) throws PkiProblem {
        this.folder = folder;
        this.clock = clock;
        this.scribe = new Scribe(clock);
        this.signer = new Signer(clock);
        this.profiles = ProfileBook.of(folder.path());
        this.lock = lock;
        this.passphrase = passphrase.clone();
        this.journal = Journal.open(folder.journal(), clock, inventory::apply);
        this.root = folder.certificate("root");
        this.deviceIssuer = folder.certificate("device");
        this.serverIssuer = folder.certificate("server");
    }

    /** Whether a folder holds an authority. */
    public static boolean exists(Path folder) {
        return new AuthorityFolder(folder).isWhole();
    }

    /** Makes a new authority as {@link AuthorityOptions#of} describes it. */
    public static Authority create(Path folder, String organisation, char[] passphrase, Clock clock) throws PkiProblem {
        return create(folder, AuthorityOptions.of(organisation), passphrase, clock);
    }

    /** Makes a new authority; the folder must not hold one. */
    public static Authority create(Path path, AuthorityOptions options, char[] passphrase, Clock clock)
            throws PkiProblem {
        AuthorityFolder folder = new AuthorityFolder(path);
        options.requirePossible(path, clock);
        if (passphrase.length < 12) {
            throw new PkiProblem(Kind.INPUT, "the passphrase of an authority has 12 characters or more");
        }
        try {
            AtomicFiles.makePrivateFolder(path);
            folder.requirePrivate();
            AuthorityLock lock = folder.lock();
            try {
                new Foundation(folder, options, clock).lay(passphrase);
                return new Authority(folder, passphrase, clock, lock);
            } catch (IOException | GeneralSecurityException | PkiProblem e) {
                lock.close();
                throw e;
            }
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, path + ": cannot be written: " + FileFault.why(e));
        } catch (GeneralSecurityException e) {
            throw new PkiProblem(Kind.IO, "the authority's certificates cannot be made: " + e.getMessage());
        }
    }

    /** Opens the authority of a folder; nobody else can until it is closed. The passphrase is tried when it is needed. */
    public static Authority open(Path path, char[] passphrase, Clock clock) throws PkiProblem {
        AuthorityFolder folder = new AuthorityFolder(path);
        folder.requireWhole();
        try {
            folder.requirePrivate();
            folder.requireSecretKeys();
            AuthorityLock lock = folder.lockWithin(MOMENT);
            try {
                return new Authority(folder, passphrase, clock, lock);
            } catch (PkiProblem e) {
                lock.close();
                throw e;
            }
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, path + ": cannot be opened for writing: " + FileFault.why(e));
        }
    }

    /**
     * Opens an authority that stays open for weeks beside others: the lock is held by {@link #exclusively} only, and of
     * all keys it has the device authority's. The passphrase is forgotten when this returns.
     */
    static Authority standing(Path path, char[] passphrase, Clock clock) throws PkiProblem {
        Authority authority = open(path, passphrase, clock);
        try {
            authority.opened(Profile.DEVICE);
        } catch (PkiProblem e) {
            authority.close();
            throw e;
        }
        authority.release();
        Arrays.fill(authority.passphrase, '\0');
        return authority;
    }

    private void release() {
        AuthorityLock held = lock;
        lock = null;
        try {
            if (held != null) {
                held.close();
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Something that changes a standing authority, or does not and says why. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws PkiProblem;
    }

    /** Does something with the lock, after having read what others did in the meantime. */
    <T> T exclusively(Work<T> work) throws PkiProblem {
        try (AuthorityLock held = folder.lockWithin(PATIENCE)) {
            journal.resume(clock, inventory::apply);
            return work.run();
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, folder.path() + ": cannot be locked: " + FileFault.why(e));
        }
    }

    /** Where a line that a crash tore was set aside since this was last asked. */
    public Optional<Path> takeAside() {
        return journal.takeAside();
    }

    /** Reads what others did, without the lock. */
    void refresh() throws PkiProblem {
        journal.catchUp(inventory::apply);
    }

    /** What an authority issued, without its lock and without its passphrase. */
    public static Inventory view(Path path) throws PkiProblem {
        AuthorityFolder folder = new AuthorityFolder(path);
        folder.requireTrusted();
        Inventory inventory = new Inventory();
        Journal.view(folder.journal(), inventory::apply);
        return inventory;
    }

    static void requireWhole(AuthorityFolder folder) throws PkiProblem {
        folder.requireWhole();
    }

    /** Makes a key and a certificate for it. */
    public Issued issue(Profile profile, String id, List<String> dnsNames, List<String> ipAddresses, Duration validity)
            throws PkiProblem {
        return issue(profile, Draft.server(id, dnsNames, ipAddresses, validity), null, false);
    }

    /** As {@link #issue}, for a device. */
    public Issued issueDevice(String id, Duration validity) throws PkiProblem {
        return issue(Profile.DEVICE, id, List.of(), List.of(), validity);
    }

    /** Makes another certificate for a client that has one: what {@code --replace} does. */
    public Issued replace(Profile profile, String id, Duration validity) throws PkiProblem {
        return issue(profile, Draft.client(id, validity, null), null, true);
    }

    /**
     * Makes a key and a certificate for it.
     *
     * @param kind of the key that is made; null: the profile's
     * @param replace also if there is a certificate already
     */
    public Issued issue(Profile profile, Draft draft, @Nullable KeyKind kind, boolean replace) throws PkiProblem {
        KeyPair pair = kind == null ? keyPair(profile) : signer.keyPair(kind);
        Permit permit = profile.permit(draft.with(pair.getPublic()), profiles);
        return commit(permit, Optional.of(pair.getPrivate()), replace);
    }

    /** Certifies a key that its holder keeps. */
    public Issued certify(Permit permit, boolean replace) throws PkiProblem {
        Optional<String> holder = inventory.holderOf(keyHash(permit.request().key()));
        if (holder.isPresent() && !holder.get().equals(permit.request().id())) {
            throw new PkiProblem(
                    Kind.POLICY,
                    "this key belongs to \"" + holder.get() + "\" already; every holder has a key of its own");
        }
        return commit(permit, Optional.empty(), replace);
    }

    private Issued commit(Permit permit, Optional<PrivateKey> key, boolean replace) throws PkiProblem {
        Request request = permit.request();
        requireFree(permit.profile(), request.id(), replace);
        inventory.requireOwn(permit.profile(), request.id(), request.labels());
        Issued issued = sign(permit, issuer(permit.profile()), key);
        record(List.of(issued));
        return issued;
    }

    void requireFree(Profile profile, String id, boolean replace) throws PkiProblem {
        if (!profile.isClient() || replace) {
            return;
        }
        Holds.requireNone(inventory, profile, id, clock.instant());
        if (inventory.active(profile, id, clock.instant()).isPresent()) {
            throw new PkiProblem(
                    Kind.POLICY,
                    "\"" + id + "\" has a certificate that is valid. Renew it with: gatehouse certs renew " + id
                            + "; make a second one with --replace");
        }
    }

    /** Signs without journalling. What it returns must not leave the process before {@link #record}. */
    Issued sign(Permit permit, Signer.Issuer issuer, Optional<PrivateKey> key) throws PkiProblem {
        Request asked = permit.request();
        return sign(permit, issuer, key, uriOf(permit.profile(), asked.id(), asked.labels()));
    }

    /** As that, on any thread. */
    Issued sign(Permit permit, Signer.Issuer issuer, Optional<PrivateKey> key, String uri) throws PkiProblem {
        NameConstraint.require(root, permit); // one that was imported may have its own
        try {
            return new Issued(
                    permit.profile(),
                    permit.request().id(),
                    signer.leaf(permit, issuer, inventory.organisation(), uri),
                    issuer.certificate(),
                    root,
                    key,
                    permit.request().labels());
        } catch (GeneralSecurityException e) {
            throw new PkiProblem(Kind.IO, "the certificate cannot be made: " + e.getMessage());
        }
    }

    /** Journals what was signed; when it returns, the journal is on the disk. */
    void record(List<Issued> fresh) throws PkiProblem {
        record("issue", fresh);
    }

    /** @param action {@code issue}, or {@code enrol} for what is pending until its holder logs in with it */
    void record(String action, List<Issued> fresh) throws PkiProblem {
        List<Journal.Entry> entries = new ArrayList<>();
        for (Issued issued : fresh) {
            label("uri", issued, issued.labels().uri(), entries);
            label("group", issued, issued.labels().group(), entries);
            entries.add(scribe.issued(action, issued));
        }
        append(entries);
    }

    /** Before the certificate: a crash in between leaves no certificate of which the journal does not know all. */
    private void label(String action, Issued issued, @Nullable String text, List<Journal.Entry> entries) {
        if (text != null && inventory.isNews(action, issued.profile(), issued.id(), text)) {
            entries.add(scribe.label(action, issued.profile(), issued.id(), text));
        }
    }

    /** The URI that a client's certificate gets; empty: none. */
    String uriOf(Profile profile, String id, Labels labels) {
        String own = labels.uri();
        return own != null ? own : profile.isClient() ? inventory.uriOf(profile, id) : "";
    }

    void append(List<Journal.Entry> entries) throws PkiProblem {
        journal.append(entries);
        entries.forEach(inventory::apply);
    }

    /** For whatever is issued. */
    Signer.Issuer issuer(Profile profile) throws PkiProblem {
        Profile kind = profile.isServer() ? Profile.SERVER : Profile.DEVICE;
        Soundness.requireInForce(folder, kind, kind.isServer() ? serverIssuer : deviceIssuer, root, clock.instant());
        return opened(kind);
    }

    /** Also where it has ended: its list is signed all the same. */
    private Signer.Issuer opened(Profile kind) throws PkiProblem {
        Signer.Issuer known = issuers.get(kind);
        if (known == null) {
            X509Certificate certificate = kind.isServer() ? serverIssuer : deviceIssuer;
            known = Soundness.issuer(folder, kind, certificate, root, passphrase);
            issuers.put(kind, known);
        }
        return known;
    }

    /** Tries the passphrase. */
    public void requirePassphrase() throws PkiProblem {
        opened(Profile.DEVICE);
    }

    Signer signer() {
        return signer;
    }

    /** The profiles in force: the folder's own over the built-in ones. */
    public ProfileBook profiles() {
        return profiles;
    }

    /** How long a certificate is valid if nothing else is said. */
    public Duration validityOf(Profile profile) {
        return profile.settings(profiles).validity();
    }

    /** A key of the kind that a profile makes. */
    KeyPair keyPair(Profile profile) {
        return signer.keyPair(profile.settings(profiles).key());
    }

    /** Revokes certificates; they stay listed until they expire. Of those revoked before only holds become another thing. */
    public List<Inventory.Item> revoke(List<Inventory.Item> items, RevocationReason reason) throws PkiProblem {
        List<Inventory.Item> fresh =
                items.stream().distinct().filter(item -> item.mayBecome(reason)).toList();
        if (!fresh.isEmpty()) {
            append(fresh.stream()
                    .map(item -> scribe.item("revoke", item, Journal.NOTHING, reason.word()))
                    .toList());
        }
        return fresh;
    }

    /** Notes when certificates are to be revoked that have a successor: by {@link #revokeOverlapped} after that time. */
    public void retire(List<Inventory.Item> items, Instant at) throws PkiProblem {
        append(items.stream()
                .map(item -> scribe.item("retire", item, Journal.NOTHING, at.toString()))
                .toList());
    }

    /** Revokes what had its time beside its successor; says what. */
    public List<Inventory.Item> revokeOverlapped() throws PkiProblem {
        return revoke(inventory.overlapped(clock.instant()), RevocationReason.SUPERSEDED);
    }

    /** Signs and writes the revocation lists of both authorities, as DER and PEM; says the files. */
    public List<Path> publishRevocations(Duration validity) throws PkiProblem {
        return publishRevocations(List.of(Profile.DEVICE, Profile.SERVER), validity);
    }

    List<Path> publishRevocations(List<Profile> kinds, Duration validity) throws PkiProblem {
        long number = inventory.listNumber() + 1;
        for (Profile kind : kinds) {
            RevocationLists.requireNewer(folder, kind, number);
        }
        append(List.of(scribe.entry("crl", Journal.NOTHING, Long.toString(number))));
        List<Path> written = new ArrayList<>();
        for (Profile kind : kinds) {
            written.addAll(RevocationLists.publish(folder, signer, opened(kind), kind, inventory, number, validity));
        }
        return written;
    }

    /** Makes a token with which a device may enrol once; it is known to nobody but who reads this answer. */
    public String token(String id, Duration validity) throws PkiProblem {
        return tokens(List.of(id), validity).get(0);
    }

    /** Makes a token for each of many devices, with one sync of the journal; in their order. */
    public List<String> tokens(List<String> ids, Duration validity) throws PkiProblem {
        issuer(Profile.DEVICE); // one that ended enrols nobody
        Instant end = clock.instant().plus(validity);
        List<String> made = new ArrayList<>();
        List<Journal.Entry> entries = new ArrayList<>();
        for (String id : ids) {
            Profile.requireId(id);
            String token = StoredPassphrase.random();
            made.add(token);
            Inventory.Token fresh = new Inventory.Token(Journal.hash(token), id, end, null, null);
            entries.add(scribe.token("token", fresh, Journal.NOTHING));
        }
        append(entries);
        return made;
    }

    /** Uses a token up for a key, before anything is signed for it. */
    void consume(Inventory.Token token, String key) throws PkiProblem {
        append(List.of(scribe.token("token-used", token, key)));
    }

    /** A device waits for an operator. */
    void register(Application application) throws PkiProblem {
        String maker = application.maker() == null ? "" : " " + application.maker();
        append(List.of(scribe.request("request", application, application.end(), application.from() + maker)));
    }

    /** The holder of a certificate logged in with it for the first time: the one before has had its day. */
    void activate(Inventory.Item item) throws PkiProblem {
        append(List.of(scribe.item("activate", item, item.key(), Journal.NOTHING)));
    }

    /** Takes back the tokens of a holder that were not used; says how many. */
    public int revokeTokens(String id) throws PkiProblem {
        List<Journal.Entry> entries = inventory.tokens().stream()
                .filter(token -> token.id().equals(id) && token.usable(clock.instant()))
                .map(token -> scribe.token("token-revoked", token, Journal.NOTHING))
                .toList();
        if (!entries.isEmpty()) {
            append(entries);
        }
        return entries.size();
    }

    static String keyHash(PublicKey key) {
        return Journal.sha256(key.getEncoded()).substring(0, 32);
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    public AuthorityFolder folder() {
        return folder;
    }

    public Inventory inventory() {
        return inventory;
    }

    Scribe scribe() {
        return scribe;
    }

    Clock clock() {
        return clock;
    }

    /** What devices and other clients trust. */
    public X509Certificate root() {
        return root;
    }

    /** What a broker trusts for its clients: this authority and no other, so that no server certificate logs in. */
    public X509Certificate deviceIssuer() {
        return deviceIssuer;
    }

    public X509Certificate serverIssuer() {
        return serverIssuer;
    }

    /** How many certificates were issued. */
    public int issuedCount() {
        return inventory.items().size();
    }

    @Override
    public void close() {
        Arrays.fill(passphrase, '\0');
        issuers.clear();
        release();
    }
}
