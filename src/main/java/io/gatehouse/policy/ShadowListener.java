package io.gatehouse.policy;

/**
 * Told where a shadow statement would have changed an answer. Called inline, on whatever thread asked: it counts, and
 * samples, and returns.
 */
@FunctionalInterface
public interface ShadowListener {
    /** Nobody is told, and nothing is evaluated for shadows. */
    ShadowListener NONE = (authorizer, rights, difference) -> {};

    /** @param authorizer that was asked */
    void differs(Authorizer authorizer, Rights rights, Difference difference);

    /**
     * One answer that would have been another.
     *
     * @param action {@code publish}, {@code subscribe} or {@code receive}
     * @param wouldAllow the answer it would have been
     * @param role whose shadow statement it is; empty where several make the difference together
     * @param rule its {@code file:line}
     */
    record Difference(String action, String target, boolean wouldAllow, String role, String rule) {}
}
