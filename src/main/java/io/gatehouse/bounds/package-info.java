/**
 * Memory that strangers fill, and that has a bound. Floor 0; imports nothing.
 */
@NullMarked
package io.gatehouse.bounds;

import org.jspecify.annotations.NullMarked;
