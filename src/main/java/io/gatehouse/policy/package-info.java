/**
 * What a principal may do: YAML to a compiled, total, immutable policy, and the authorizer that mints every capability. Floor 3.
 */
@NullMarked
package io.gatehouse.policy;

import org.jspecify.annotations.NullMarked;
