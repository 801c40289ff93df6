package io.gatehouse.pki;

import io.gatehouse.pki.EnrolmentAnswer.Granted;
import io.gatehouse.pki.EnrolmentAnswer.Refused;
import io.gatehouse.pki.EnrolmentAnswer.Waiting;
import io.gatehouse.pki.Inventory.Item;
import io.gatehouse.pki.Inventory.State;
import io.gatehouse.pki.Verdict.Settled;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Enrolment with the authority in this process. Any thread; one thing at a time.
 *
 * <p>Everything is judged before the lock is taken, so that nobody without a right costs a write or keeps a command
 * waiting, and judged again with it. A token is used up in the journal, for one key, before that key is certified: after a
 * crash in between the same request is answered, and no other.
 *
 * <p>A certificate is pending until its device logs in with it; only then is the one before superseded, and revoked some
 * time later. So a reply that is lost takes nothing away from a device.
 *
 * <p>Longer than most classes here, because everything that judges a request is in this one file.
 */
public final class Enrolment implements Registrar {
    private final Authority authority;
    private final Retirement retirement;
    private final EnrolmentRules rules;
    private final Optional<Manufacturers> manufacturers;
    private final Clock clock;
    private final Quota quota;

    private Enrolment(Authority authority, EnrolmentRules rules, Optional<Manufacturers> manufacturers, Clock clock) {
        this.authority = authority;
        this.retirement = new Retirement(authority, rules, clock);
        this.quota = new Quota(rules, clock);
        this.rules = rules;
        this.manufacturers = manufacturers;
        this.clock = clock;
    }

    /**
     * Opens the device authority of a folder; the passphrase is not needed after that.
     *
     * @throws PkiProblem also if the authority's profile of devices does not permit the validity of the rules
     */
    public static Enrolment open(
            Path folder, char[] passphrase, EnrolmentRules rules, Optional<Manufacturers> manufacturers, Clock clock)
            throws PkiProblem {
        Authority authority = Authority.standing(folder, passphrase, clock);
        try {
            Profile.DEVICE.requireRow(rules.validity(), null, authority.profiles());
        } catch (PkiProblem e) {
            authority.close();
            throw new PkiProblem(e.kind(), folder + ": devices cannot enrol for " + e.getMessage());
        }
        return new Enrolment(authority, rules, manufacturers, clock);
    }

    /** Judges a request by what the inventory says now. */
    @FunctionalInterface
    private interface Judgement {
        Verdict judge(Csr csr) throws Settled, PkiProblem;
    }

    @Override
    public synchronized EnrolmentAnswer enrol(String id, String token, byte[] csr) {
        return answer(id, csr, () -> token(id, token), parsed -> judgeToken(id, token, parsed));
    }

    @Override
    public EnrolmentAnswer enrol(Applicant applicant, byte[] csr) {
        List<X509Certificate> chain = applicant.chain();
        Instant now = clock.instant();
        Optional<Manufacturers.Listed> listed = manufacturers.flatMap(known -> known.find(chain, now));
        if (listed.isPresent()) {
            return listed(listed.get(), csr);
        }
        ApprovalRules.Whom may = rules.approval().whom();
        boolean made = may != ApprovalRules.Whom.NOBODY
                && manufacturers.filter(known -> known.made(chain, now)).isPresent();
        if (!may.takes(made)) {
            return chain.isEmpty()
                    ? new Refused("", EnrolmentFault.UNAUTHENTICATED, "neither a token nor a certificate")
                    : new Refused(
                            "",
                            EnrolmentFault.NOT_LISTED,
                            "no device of a manufacturer that is trusted and on the list");
        }
        return waiting(applicant.address(), made ? chain.get(0) : null, csr);
    }

    private synchronized EnrolmentAnswer listed(Manufacturers.Listed listed, byte[] csr) {
        return answer(listed.id(), csr, () -> {}, parsed -> judgeListed(listed, parsed));
    }

    private synchronized EnrolmentAnswer waiting(String address, @Nullable X509Certificate maker, byte[] csr) {
        return answer("", csr, () -> {}, parsed -> judgeApplicant(address, maker, parsed));
    }

    @Override
    public synchronized EnrolmentAnswer renew(X509Certificate current, byte[] csr) {
        return answer("", csr, () -> current(current), parsed -> judgeRenewal(current, parsed));
    }

    /** What can be refused before the request is looked at. */
    @FunctionalInterface
    private interface Credential {
        void require() throws Settled, PkiProblem;
    }

    private EnrolmentAnswer answer(String id, byte[] bytes, Credential credential, Judgement judgement) {
        try {
            authority.refresh();
            credential.require();
            Csr csr = parse(id, bytes);
            judgement.judge(csr);
            EnrolmentAnswer[] answer = new EnrolmentAnswer[1];
            return authority.exclusively(() -> {
                try {
                    answer[0] = grant(csr, judgement.judge(csr));
                } catch (Settled settled) {
                    answer[0] = settled.answer();
                }
                return answer[0];
            });
        } catch (Settled settled) {
            return settled.answer();
        } catch (PkiProblem problem) {
            return new Refused(id, EnrolmentFault.UNAVAILABLE, String.valueOf(problem.getMessage()));
        }
    }

    private static Csr parse(String id, byte[] bytes) throws Settled {
        try {
            return Csr.parse("the request", bytes);
        } catch (PkiProblem e) {
            throw Settled.refused(
                    id,
                    e.kind() == PkiProblem.Kind.POLICY ? EnrolmentFault.CSR_UNPROVEN : EnrolmentFault.CSR_MALFORMED,
                    String.valueOf(e.getMessage()));
        }
    }

    private Inventory.Token token(String id, String token) throws Settled {
        Instant now = clock.instant();
        return authority
                .inventory()
                .token(id, Journal.hash(asWritten(token)))
                .filter(known -> known.usable(now) || known.usedFor() != null)
                .orElseThrow(() -> Settled.refused(id, EnrolmentFault.TOKEN_REFUSED, "not a token of this device"));
    }

    /** A token as a person may have typed it (Crockford's base 32). */
    private static String asWritten(String token) {
        return token.toLowerCase(Locale.ROOT)
                .replace('o', '0')
                .replace('i', '1')
                .replace('l', '1');
    }

    private Verdict judgeToken(String id, String text, Csr csr) throws Settled, PkiProblem {
        Inventory.Token token = token(id, text);
        String key = Authority.keyHash(csr.key());
        Instant usedAt = token.usedAt();
        if (usedAt != null) {
            boolean same = key.equals(token.usedFor());
            Optional<Item> before = same ? before(id, key) : Optional.empty();
            boolean interrupted = same
                    && authority.inventory().ofKey(id, key).isEmpty()
                    && usedAt.plus(EnrolmentRules.RETRY).isAfter(clock.instant());
            if (before.isEmpty() && !interrupted) {
                throw Settled.refused(id, EnrolmentFault.TOKEN_REFUSED, "not a token of this device");
            }
            if (before.isPresent()) {
                return Verdict.again(before.get());
            }
            requireNotHeld(id);
            return Verdict.fresh(permit(id, csr, null));
        }
        requireNotHeld(id);
        return Verdict.fresh(token, permit(id, csr, null));
    }

    private Verdict judgeListed(Manufacturers.Listed listed, Csr csr) throws Settled, PkiProblem {
        String id = listed.id();
        Optional<Item> before = before(id, Authority.keyHash(csr.key()));
        if (before.isPresent()) {
            return Verdict.again(before.get());
        }
        requireNotHeld(id);
        Optional<Item> active = authority.inventory().active(Profile.DEVICE, id, clock.instant());
        if (active.isPresent()) {
            throw Settled.refused(
                    id,
                    EnrolmentFault.KEY_TAKEN,
                    "the device has a certificate; it renews that, or an operator revokes it first");
        }
        return Verdict.fresh(permit(id, csr, listed.deviceSerial()));
    }

    /** A device that an operator decides about: it says itself who it is. */
    private Verdict judgeApplicant(String address, @Nullable X509Certificate maker, Csr csr)
            throws Settled, PkiProblem {
        String id = csr.commonName()
                .orElseThrow(() -> Settled.refused(
                        "", EnrolmentFault.NAME_MISMATCH, "the request names no device: its common name is missing"));
        try {
            Profile.requireId(id);
        } catch (PkiProblem e) {
            throw Settled.refused("", EnrolmentFault.NAME_MISMATCH, String.valueOf(e.getMessage()));
        }
        requireNames(id, csr);
        String key = Authority.keyHash(csr.key());
        Optional<Item> before = before(id, key);
        if (before.isPresent()) {
            return Verdict.again(before.get());
        }
        Instant now = clock.instant();
        Inventory inventory = authority.inventory();
        if (inventory.tokens().stream().anyMatch(token -> token.id().equals(id) && token.usable(now))) {
            // who waits to be asked for its token is asked
            throw Settled.refused(id, EnrolmentFault.UNAUTHENTICATED, "a token was made for this device");
        }
        Applications applications = inventory.applications();
        if (applications.isRefused(key, now)) {
            throw Settled.refused(id, EnrolmentFault.APPROVAL_REFUSED, "an operator refused this key");
        }
        if (applications.isOfAnother(id, key, now)) {
            throw Settled.refused(id, EnrolmentFault.KEY_TAKEN, "the key waits for another device's name");
        }
        Permit permit = permit(id, csr, null);
        Optional<Application> known = applications.of(id, now);
        if (known.isEmpty()) {
            return Verdict.waits(application(id, Journal.sha256(csr.key().getEncoded()), address, maker));
        }
        Application one = known.get();
        if (!one.key().equals(key)) {
            throw Settled.refused(id, EnrolmentFault.KEY_TAKEN, "another key waits for this device's name");
        }
        if (one.decision() == Application.Decision.WAITING) {
            throw new Settled(new Waiting(id, one.fingerprint(), false));
        }
        if (!one.replace()) {
            requireNotHeld(id);
        }
        if (!one.replace() && inventory.active(Profile.DEVICE, id, now).isPresent()) {
            throw Settled.refused(id, EnrolmentFault.KEY_TAKEN, "the device got a certificate after it was approved");
        }
        return Verdict.fresh(permit);
    }

    private Application application(String id, String fingerprint, String address, @Nullable X509Certificate maker)
            throws Settled {
        Instant now = clock.instant();
        ApprovalRules limits = rules.approval();
        Applications applications = authority.inventory().applications();
        if (applications.waiting(now) >= limits.waiting()) {
            throw Settled.refused(id, EnrolmentFault.APPROVAL_FULL, "too many devices wait for an operator");
        }
        if (applications.waitingFrom(address, now) >= limits.perAddress()) {
            throw Settled.refused(id, EnrolmentFault.APPROVAL_FULL, "as many devices of this address wait as may");
        }
        return new Application(
                id,
                fingerprint,
                address,
                maker == null ? null : Journal.sha256(Pem.der(maker)),
                now,
                now.plus(limits.waitFor()),
                Application.Decision.WAITING,
                false);
    }

    /** The inventory's entry of a certificate that may renew itself. */
    private Item current(X509Certificate current) throws Settled {
        Item item = authority
                .inventory()
                .bySerial(current.getSerialNumber())
                .filter(known -> known.profile() == Profile.DEVICE
                        && known.key().equals(Authority.keyHash(current.getPublicKey()))
                        && isOurs(current))
                .orElseThrow(() -> Settled.refused(
                        "", EnrolmentFault.CERT_UNKNOWN, "not a certificate of a device of this authority"));
        Instant now = clock.instant();
        if (item.revokedAt() != null) {
            throw item.isHeld()
                    ? Settled.refused(item.id(), EnrolmentFault.CERT_HELD, "the certificate is on hold")
                    : Settled.refused(item.id(), EnrolmentFault.CERT_REVOKED, "the certificate is revoked");
        }
        if (now.isAfter(item.notAfter().plus(rules.renewAfterExpiry()))) {
            throw Settled.refused(
                    item.id(),
                    EnrolmentFault.CERT_EXPIRED,
                    "the certificate expired " + item.notAfter() + "; the device enrols with a new token");
        }
        if (item.superseded()) {
            throw Settled.refused(
                    item.id(), EnrolmentFault.CERT_SUPERSEDED, "the device has a later certificate and has used it");
        }
        return item;
    }

    /** Whoever is suspended does not come in by another door. */
    private void requireNotHeld(String id) throws Settled {
        if (authority.inventory().isHeld(Profile.DEVICE, id, clock.instant())) {
            throw Settled.refused(id, EnrolmentFault.CERT_HELD, "a certificate of the device is on hold");
        }
    }

    private boolean isOurs(X509Certificate certificate) {
        try {
            certificate.verify(authority.deviceIssuer().getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private Verdict judgeRenewal(X509Certificate certificate, Csr csr) throws Settled, PkiProblem {
        Item item = current(certificate);
        String key = Authority.keyHash(csr.key());
        boolean sameKey = key.equals(item.key());
        requireNames(item.id(), csr);
        Optional<Item> before =
                before(item.id(), key).filter(known -> !known.serial().equals(item.serial()));
        if (before.isPresent()) {
            return Verdict.again(before.get());
        }
        boolean known = authority.inventory().ofKey(item.id(), key).stream().anyMatch(one -> !neverUsed(one));
        if (known && !(sameKey && rules.sameKey())) {
            throw Settled.refused(item.id(), EnrolmentFault.KEY_SAME, "a renewal is for a new key");
        }
        Duration life = Duration.between(item.issuedAt(), item.notAfter());
        Instant from = item.issuedAt()
                .plus(life.multipliedBy(EnrolmentRules.RENEW_FROM_PERCENT).dividedBy(100));
        if (clock.instant().isBefore(from)) {
            throw Settled.refused(
                    item.id(), EnrolmentFault.TOO_EARLY, "the certificate is renewed from " + from + " on");
        }
        return Verdict.fresh(permit(item.id(), csr, Renewal.deviceSerial(certificate)));
    }

    /** The certificate that the same key got a moment ago, or that its device has not used yet. */
    private Optional<Item> before(String id, String key) {
        Instant now = clock.instant();
        return authority.inventory().ofKey(id, key).stream()
                .filter(item -> item.state(now) == State.PENDING
                        || item.state(now) == State.ACTIVE
                                && item.issuedAt().plus(EnrolmentRules.RETRY).isAfter(now))
                .reduce((first, second) -> second);
    }

    /** Whether a certificate ended before its device logged in with it: its reply was lost, so its key is as good as new. */
    private boolean neverUsed(Item item) {
        return item.pending()
                && (item.reason() == RevocationReason.CESSATION_OF_OPERATION
                        || item.state(clock.instant()) == State.EXPIRED);
    }

    /** Whether the key of a certificate is not certified again. */
    private boolean isAgainstItsKey(Item item) {
        boolean kept = rules.sameKey() && item.reason() == RevocationReason.SUPERSEDED; // by one for the same key, say
        return item.revokedAt() != null && !neverUsed(item) && !kept;
    }

    private void requireNames(String id, Csr csr) throws Settled {
        String uri = authority.inventory().uriOf(Profile.DEVICE, id);
        if (!csr.namesNobodyBut(id, uri)) {
            throw Settled.refused(id, EnrolmentFault.NAME_MISMATCH, "the request names somebody else than this device");
        }
    }

    private Permit permit(String id, Csr csr, @Nullable String deviceSerial) throws Settled {
        requireNames(id, csr);
        String key = Authority.keyHash(csr.key());
        Inventory inventory = authority.inventory();
        if (inventory.holderOf(key).filter(holder -> !holder.equals(id)).isPresent()) {
            throw Settled.refused(id, EnrolmentFault.KEY_TAKEN, "the key was certified for somebody else");
        }
        if (inventory.ofKey(id, key).stream().anyMatch(this::isAgainstItsKey)) {
            throw Settled.refused(id, EnrolmentFault.KEY_REVOKED, "the key was in a certificate that is revoked");
        }
        Permit permit;
        try {
            permit = Profile.DEVICE.permit(
                    new Request(id, csr.key(), List.of(), List.of(), rules.validity(), deviceSerial),
                    authority.profiles());
        } catch (PkiProblem e) {
            throw Settled.refused(
                    id,
                    e.kind() == PkiProblem.Kind.POLICY ? EnrolmentFault.KEY_WEAK : EnrolmentFault.NAME_MISMATCH,
                    String.valueOf(e.getMessage()));
        }
        quota.require(id, inventory);
        return permit;
    }

    private EnrolmentAnswer grant(Csr csr, Verdict verdict) throws PkiProblem {
        if (verdict.application().isPresent()) {
            Application application = verdict.application().get();
            authority.register(application);
            return new Waiting(application.id(), application.fingerprint(), true);
        }
        if (verdict.before().isPresent()) {
            Item item = verdict.before().get();
            return granted(item.id(), Renewal.certificate(authority.folder(), item), csr, true);
        }
        Permit permit = verdict.permit().orElseThrow();
        Signer.Issuer issuer = authority.issuer(Profile.DEVICE); // which may have ended: the token stays good
        if (verdict.toConsume().isPresent()) {
            authority.consume(verdict.toConsume().get(), Authority.keyHash(csr.key()));
        }
        Issued issued = authority.sign(permit, issuer, Optional.empty());
        authority.record("enrol", List.of(issued));
        quota.granted();
        return granted(issued.id(), issued.certificate(), csr, false);
    }

    private Granted granted(String id, X509Certificate certificate, Csr csr, boolean again) {
        int today = authority.inventory().enrolledWithinADay(clock.instant());
        return new Granted(id, certificate, csr.dropped(Profile.DEVICE), again, today, rules.perDay());
    }

    @Override
    public synchronized boolean loggedIn(BigInteger serial) throws PkiProblem {
        authority.refresh();
        if (!isPending(serial)) {
            return false;
        }
        return authority.exclusively(() -> {
            Optional<Item> item = authority.inventory().bySerial(serial);
            if (!isPending(serial) || item.isEmpty()) {
                return false;
            }
            authority.activate(item.get());
            return true;
        });
    }

    private boolean isPending(BigInteger serial) {
        return authority
                .inventory()
                .bySerial(serial)
                .filter(item -> item.state(clock.instant()) == State.PENDING)
                .isPresent();
    }

    /**
     * Revokes what has had its day, and publishes the devices' revocation list if that changed it, if it is a day old, or if
     * it lacks what was revoked before and could not be published.
     *
     * @return what was revoked
     */
    public synchronized List<Item> sweep() throws PkiProblem {
        return retirement.sweep();
    }

    @Override
    public List<X509Certificate> authorities() {
        return List.of(authority.root(), authority.deviceIssuer());
    }

    @Override
    public byte[] template() {
        ProfileSettings settings = Profile.DEVICE.settings(authority.profiles());
        boolean named = settings.alternativeName() == ProfileSettings.Names.URI
                && authority.inventory().namesByUri();
        return CsrTemplate.of(settings.key(), named);
    }

    @Override
    public synchronized Standing standing() throws PkiProblem {
        authority.refresh();
        Instant now = clock.instant();
        Inventory inventory = authority.inventory();
        return new Standing(
                inventory.enrolledWithinADay(now),
                rules.perDay(),
                inventory.applications().undecided(now));
    }

    /** Where a line of the journal that a crash tore was set aside since this was last asked. */
    public synchronized Optional<Path> takeAside() {
        return authority.takeAside();
    }

    @Override
    public synchronized void close() {
        authority.close();
    }
}
