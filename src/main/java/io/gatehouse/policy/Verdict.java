package io.gatehouse.policy;

/** The answer to a SUBSCRIBE, by how its filter lies to what is allowed and what is denied. */
public enum Verdict {
    /** All of it is allowed and none denied: no delivery needs a second look while the policy stays. */
    GRANT,
    /** All of it is allowed, a deny makes holes in it: every delivery is judged. */
    GRANT_AND_FILTER,
    /** None of it is allowed. */
    NO_ALLOW,
    /** Some of it is allowed, and more was asked for. */
    WIDER_THAN_ALLOWED,
    /** All of it is denied. */
    ALL_DENIED,
    /** A deny makes holes in it, and the policy refuses those. */
    HOLES,
    /** The share group is not one that a rule names. */
    GROUP_NOT_ALLOWED;

    /** Why it is not granted, in a few words. */
    String words() {
        return switch (this) {
            case GRANT, GRANT_AND_FILTER -> "";
            case NO_ALLOW -> "no allow";
            case WIDER_THAN_ALLOWED -> "wider than allowed";
            case ALL_DENIED -> "all denied";
            case HOLES -> "a deny makes holes";
            case GROUP_NOT_ALLOWED -> "share group";
        };
    }

    public boolean isGranted() {
        return this == GRANT || this == GRANT_AND_FILTER;
    }
}
