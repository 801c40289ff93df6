/** A whole broker in this process, and clients at its sockets that share no code with it. */
@NullMarked
package io.gatehouse.live;

import org.jspecify.annotations.NullMarked;
