package io.gatehouse.transport;

import io.netty.channel.Channel;

/**
 * The end of a connection at once: nothing is said, and nothing that was still to be written is waited for. On the
 * connection's event loop.
 *
 * <p>Not {@code closeForcibly}, which closes the socket and tells nobody: neither the dialogue nor the count of
 * connections would hear of it.
 */
final class Hangup {
    private Hangup() {}

    static void on(Channel channel) {
        channel.unsafe().close(channel.voidPromise());
    }
}
