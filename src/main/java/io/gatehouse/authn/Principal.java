package io.gatehouse.authn;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The proof that a client is who it says: made by this room's authenticators only, needed by every question to the
 * authorizer. Immutable; any thread.
 */
public final class Principal {
    private final Subject subject;
    private final Owner owner;
    private final @Nullable Instant expiresAt;
    private final Map<AuthMethod, String> proofs;

    Principal(Subject subject, String realm, @Nullable Instant expiresAt) {
        this(subject, realm, expiresAt, Map.of());
    }

    /** @param proofs by what each method was convinced, so that it can say later whether it still would be */
    Principal(Subject subject, String realm, @Nullable Instant expiresAt, Map<AuthMethod, String> proofs) {
        this.subject = subject;
        this.owner = new Owner(subject.user(), realm);
        this.expiresAt = expiresAt;
        this.proofs = Map.copyOf(proofs);
    }

    public Subject subject() {
        return subject;
    }

    public String user() {
        return subject.user();
    }

    /** Whom its sessions belong to. */
    public Owner owner() {
        return owner;
    }

    /** When what it logged in with ends (a token's {@code exp}, a certificate's last second); the connection with it. */
    public Optional<Instant> expiresAt() {
        return Optional.ofNullable(expiresAt);
    }

    Map<AuthMethod, String> proofs() {
        return proofs;
    }

    /**
     * Whether a re-authentication yielded the same identity (MQTT 5.0, section 4.12.1): user and realm, the methods, and
     * the subject and issuer of a token. Roles and variables may differ; they are evaluated anew.
     */
    public boolean isStill(Principal again) {
        return owner.equals(again.owner)
                && subject.methods().equals(again.subject.methods())
                && subject.values("jwt.iss").equals(again.subject.values("jwt.iss"))
                && subject.values("jwt.sub").equals(again.subject.values("jwt.sub"));
    }

    @Override
    public String toString() {
        return owner.toString();
    }
}
