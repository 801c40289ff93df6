/**
 * The broker held to the specification, statement by statement, over real TLS sockets.
 *
 * <p>The client here writes and reads bytes by itself: it shares nothing with the broker's own codec, so that a mistake in
 * that cannot hide. Every test names the statements it shows; docs/conformance.md is generated from that.
 */
@NullMarked
package io.gatehouse.conformance;

import org.jspecify.annotations.NullMarked;
