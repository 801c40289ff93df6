package io.gatehouse.pki;

/** The proof that a certificate may be signed. Immutable; minted by {@link Profile#permit} only. */
public final class Permit {
    private final Profile profile;
    private final ProfileSettings settings;
    private final Request request;

    Permit(Profile profile, ProfileSettings settings, Request request) {
        this.profile = profile;
        this.settings = settings;
        this.request = request;
    }

    public Profile profile() {
        return profile;
    }

    ProfileSettings settings() {
        return settings;
    }

    public Request request() {
        return request;
    }

    /** Whether the key is the shortest of RSA that anybody certifies. */
    public boolean hasRsa2048() {
        return KeyKind.of(request.key()).filter(KeyKind.RSA2048::equals).isPresent();
    }
}
