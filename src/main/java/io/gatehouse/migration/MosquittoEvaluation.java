package io.gatehouse.migration;

import io.gatehouse.migration.MosquittoAcl.Rule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides as Mosquitto 2.1 decides with an {@code acl_file}: what an imported policy is compared with. Stateless.
 *
 * <p>Written from Mosquitto's behaviour and from nothing of ours: it shares no code with the policy engine, so that a
 * mistake of one is not a mistake of both. The order of the steps is Mosquitto's.
 */
final class MosquittoEvaluation {
    private final MosquittoAcl acl;

    MosquittoEvaluation(MosquittoAcl acl) {
        this.acl = acl;
    }

    /** How a request was answered, and by what. */
    enum Answer {
        DENIED_SYS,
        DENIED_BY_USER,
        ALLOWED_BY_USER,
        DENIED_BY_IDENTITY,
        DENIED_BY_PATTERN,
        ALLOWED_BY_PATTERN,
        DENIED_BY_DEFAULT;

        boolean allowed() {
            return this == ALLOWED_BY_USER || this == ALLOWED_BY_PATTERN;
        }
    }

    /**
     * @param user null: logged in without a name
     * @param write PUBLISH and will; false: delivery
     */
    Answer answer(@Nullable String user, String client, boolean write, String topic) {
        if (write && topic.startsWith("$SYS") && !topic.matches("\\$SYS/broker/connection/[^/]+/state")) {
            return Answer.DENIED_SYS;
        }
        List<Rule> own = user == null ? acl.anonymous() : acl.users().getOrDefault(user, List.of());
        if (own.stream().anyMatch(rule -> rule.denies() && matches(rule.filter(), topic, null, null))) {
            return Answer.DENIED_BY_USER;
        }
        if (own.stream().anyMatch(rule -> grants(rule, write) && matches(rule.filter(), topic, null, null))) {
            return Answer.ALLOWED_BY_USER;
        }
        if (acl.patterns().isEmpty()) {
            return Answer.DENIED_BY_DEFAULT;
        }
        if (wild(client) || user != null && wild(user)) {
            return Answer.DENIED_BY_IDENTITY; // CVE-2017-7650
        }
        if (patternDenies(user, client, topic)) {
            return Answer.DENIED_BY_PATTERN;
        }
        return acl.patterns().stream().anyMatch(rule -> grants(rule, write) && pattern(rule, user, client, topic))
                ? Answer.ALLOWED_BY_PATTERN
                : Answer.DENIED_BY_DEFAULT;
    }

    /** Whether a deny among the patterns matches, asked or not. */
    boolean patternDenies(@Nullable String user, String client, String topic) {
        return acl.patterns().stream().anyMatch(rule -> rule.denies() && pattern(rule, user, client, topic));
    }

    private static boolean grants(Rule rule, boolean write) {
        return write ? rule.access().writes() : rule.access().reads();
    }

    private static boolean wild(String name) {
        return name.indexOf('+') >= 0 || name.indexOf('#') >= 0;
    }

    private static boolean pattern(Rule rule, @Nullable String user, String client, String topic) {
        if (user == null && rule.levels().contains("%u")) {
            return false;
        }
        return matches(rule.filter(), topic, user, client);
    }

    /** MQTT's matching, with %u and %c for whole levels where their values are given. */
    static boolean matches(String filter, String topic, @Nullable String user, @Nullable String client) {
        String[] pattern = filter.split("/", -1);
        String[] levels = topic.split("/", -1);
        boolean dollar = topic.startsWith("$");
        for (int i = 0; i < pattern.length; i++) {
            if (pattern[i].equals("#")) {
                return !(i == 0 && dollar);
            }
            if (i >= levels.length) {
                return false;
            }
            if (pattern[i].equals("+")) {
                if (i == 0 && dollar) {
                    return false;
                }
            } else if (pattern[i].equals("%u") && user != null) {
                if (!levels[i].equals(user)) {
                    return false;
                }
            } else if (pattern[i].equals("%c") && client != null) {
                if (!levels[i].equals(client)) {
                    return false;
                }
            } else if (!pattern[i].equals(levels[i])) {
                return false;
            }
            boolean parent = i == levels.length - 1 && i == pattern.length - 2 && pattern[i + 1].equals("#");
            if (parent) {
                return true; // a/# matches a
            }
        }
        return pattern.length == levels.length;
    }
}
