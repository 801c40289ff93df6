/**
 * TLS contexts, acceptance of client certificates, and the handshake that yields a {@code Peer}. Floor 1.
 */
@NullMarked
package io.gatehouse.tls;

import org.jspecify.annotations.NullMarked;
