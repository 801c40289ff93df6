/**
 * The dialogue with one client: the gate, then the client after its CONNACK. Floor 6.
 */
@NullMarked
package io.gatehouse.connection;

import org.jspecify.annotations.NullMarked;
