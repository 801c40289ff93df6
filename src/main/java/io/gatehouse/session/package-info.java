/**
 * Sessions, their queues and in-flight windows, and the registry that owns them. Floor 4.
 */
@NullMarked
package io.gatehouse.session;

import org.jspecify.annotations.NullMarked;
