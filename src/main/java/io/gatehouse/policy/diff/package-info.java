/** What changes between two policies, as what they mean: {@code policy diff}. */
@NullMarked
package io.gatehouse.policy.diff;

import org.jspecify.annotations.NullMarked;
