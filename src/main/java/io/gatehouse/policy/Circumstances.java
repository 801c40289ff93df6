package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Who asks, as whom, and when: what conditions and variables look at. Confined to one thread, for one binding. */
final class Circumstances {
    private final Subject subject;
    private final String clientId;
    private final Instant now;

    /** Taken apart once, however many rows ask for one. */
    private final Map<String, List<DirectoryName>> names = new HashMap<>(4);

    Circumstances(Subject subject, String clientId, Instant now) {
        this.subject = subject;
        this.clientId = clientId;
        this.now = now;
    }

    Subject subject() {
        return subject;
    }

    String clientId() {
        return clientId;
    }

    Instant now() {
        return now;
    }

    /** The values of an attribute that is a distinguished name. */
    List<DirectoryName> names(String attribute) {
        return names.computeIfAbsent(
                attribute,
                key -> subject.values(key).stream().map(DirectoryName::of).toList());
    }
}
