package io.gatehouse.pki;

/** The proof that a certificate may be signed. Immutable; minted by {@link Profile#permit} only. */
public final class Permit {
    private final Profile profile;
    private final Request request;

    Permit(Profile profile, Request request) {
        this.profile = profile;
        this.request = request;
    }

    public Profile profile() {
        return profile;
    }

    public Request request() {
        return request;
    }
}
