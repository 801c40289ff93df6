package io.gatehouse.migration;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a configuration says of one listener. Filled while it is read; confined to one import. */
final class MosquittoListener {
    final String place;
    final int port;

    @Nullable
    String bind;

    boolean websockets;
    boolean requireCertificate;
    boolean identityAsUser;
    boolean subjectAsUser;

    /** Its TLS is by pre-shared keys. */
    boolean preSharedKeys;

    @Nullable
    String certificate;

    @Nullable
    String key;

    @Nullable
    String authorities;

    @Nullable
    String crl;

    // with per_listener_settings; else the configuration's own
    @Nullable
    Boolean anonymous;

    @Nullable
    String passwords;

    @Nullable
    String acl;

    int maxConnections = -1;
    final List<String> versions = new ArrayList<>();

    MosquittoListener(String place, int port, @Nullable String bind) {
        this.place = place;
        this.port = port;
        this.bind = bind;
    }

    boolean hasTls() {
        return certificate != null && key != null;
    }

    boolean usesCertificateName() {
        return identityAsUser || subjectAsUser;
    }

    /** Whether clients name themselves, and not their certificates or keys them. */
    boolean takesPasswords() {
        return !usesCertificateName() && !preSharedKeys;
    }

    /** Whether only this machine reaches it. */
    boolean isLoopback() {
        return bind != null && (bind.equals("localhost") || bind.equals("::1") || bind.startsWith("127."));
    }
}
