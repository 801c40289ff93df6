/**
 * Gatehouse as others see it: Mosquitto's own programs talk to the broker in a process of its own.
 *
 * <p>The programs run in a container or on this machine ({@code -Dmosquitto.backend=auto|docker|local}); the tests do
 * not know which.
 */
@NullMarked
package io.gatehouse.interop;

import org.jspecify.annotations.NullMarked;
