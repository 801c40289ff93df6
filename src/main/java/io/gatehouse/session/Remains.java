package io.gatehouse.session;

/**
 * What is left of a client when the broker ends its connection. Immutable.
 *
 * @param will whether its will is due, as if the connection had broken
 * @param session whether its session lives on for as long as the client wanted
 */
public record Remains(boolean will, boolean session) {
    /** As MQTT has it. */
    public static final Remains ALL = new Remains(true, true);
}
