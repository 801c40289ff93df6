package io.gatehouse.policy;

/**
 * Why a request is allowed: what the auditor is told of a yes. Words, never a capability.
 *
 * @param rule the deciding rule as {@code file:line}
 * @param explanation one sentence
 * @param revision of the policy that said so
 * @param digest of that policy
 */
public record Grounds(String rule, String explanation, long revision, String digest) {}
