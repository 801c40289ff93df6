/**
 * Bytes to packets and back, strict. Floor 1; uses Netty's buffers.
 */
@NullMarked
package io.gatehouse.codec;

import org.jspecify.annotations.NullMarked;
