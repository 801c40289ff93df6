package io.gatehouse.store;

import java.util.List;
import java.util.Map;

/**
 * Whom a session or a retained message belongs to, as data: what a policy looks at, and nothing that logs in.
 *
 * @param methods the words of the login methods
 * @param address empty where unknown
 */
public record PrincipalRecord(
        String user,
        String realm,
        List<String> methods,
        String listener,
        String address,
        Map<String, List<String>> attributes) {
    public PrincipalRecord {
        methods = List.copyOf(methods);
        attributes = Map.copyOf(attributes);
    }
}
