/**
 * The policy language: files to a {@code Policy}, every mistake at once with its place, and the policy's own tests as a
 * gate.
 */
@NullMarked
package io.gatehouse.policy.language;

import org.jspecify.annotations.NullMarked;
