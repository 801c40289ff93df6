package io.gatehouse.routing;

/**
 * What became of a published message.
 *
 * @param matched sessions that had a subscription for it and the right to it
 * @param refused of these, how many were full
 * @param retainRefused whether it was to be retained and there was no room
 */
public record Routed(int matched, int refused, boolean retainRefused) {

    /** Nobody took what somebody wanted: what the publisher is told with 0x97. */
    public boolean isRefused() {
        return retainRefused || refused > 0 && refused == matched;
    }
}
