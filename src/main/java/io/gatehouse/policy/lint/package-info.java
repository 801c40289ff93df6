/** Advice on a policy that is valid and may still not mean what its author meant: {@code policy lint}. */
@NullMarked
package io.gatehouse.policy.lint;

import org.jspecify.annotations.NullMarked;
