/**
 * A policy as it was written: what the language's reader makes and the compiler takes. Immutable data, every piece with
 * its place.
 */
@NullMarked
package io.gatehouse.policy.model;

import org.jspecify.annotations.NullMarked;
