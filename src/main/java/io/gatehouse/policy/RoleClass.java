package io.gatehouse.policy;

/**
 * All who have the same roles active: what they may do differs by their variables' values only. One object per class of
 * a policy, so that sessions are compared by identity. Immutable.
 *
 * @param roots entries of the trie to start from, each with {@link Trie#DENY_ONLY} or without
 * @param usesVariables whether its rules have variables
 * @param hasShadow whether some of its statements are shadows
 */
record RoleClass(int[] roots, boolean usesVariables, boolean hasShadow) {}
