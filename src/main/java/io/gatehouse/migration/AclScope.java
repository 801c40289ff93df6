package io.gatehouse.migration;

import io.gatehouse.json.Json;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * At which listeners an access list holds. Immutable.
 *
 * @param prefix of the names of its roles, so that those of several lists are different ones
 * @param listeners empty: at all
 * @param defaults whether its file has what holds for all of them: one of the files does
 */
record AclScope(String prefix, List<String> listeners, boolean defaults) {
    static final AclScope ALL = new AclScope("", List.of(), true);

    AclScope {
        listeners = List.copyOf(listeners);
    }

    /** The list of a few listeners; the first of several such. */
    static AclScope of(List<String> listeners, boolean first) {
        return new AclScope(listeners.get(0) + "-", listeners, first);
    }

    /** What a role of it says of its listeners, below its name. */
    String when() {
        return listeners.isEmpty() ? "" : "    when: {listener: " + names() + "}\n";
    }

    /** The same as a condition of a row that gives roles. */
    String condition() {
        return listeners.isEmpty() ? "" : "listener: " + names() + ", ";
    }

    /** Where the test of a rule comes in. */
    String test() {
        return example().map(name -> ", listener: " + name).orElse("");
    }

    Optional<String> example() {
        return listeners.stream().findFirst();
    }

    private String names() {
        return listeners.stream().map(Json::line).collect(Collectors.joining(", ", "[", "]"));
    }
}
