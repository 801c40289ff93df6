/**
 * Netty listeners and handlers: sockets in, packets out. Floor 7.
 */
@NullMarked
package io.gatehouse.transport;

import org.jspecify.annotations.NullMarked;
