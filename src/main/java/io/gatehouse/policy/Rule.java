package io.gatehouse.policy;

import java.util.List;

/**
 * One rule taken out of the table for whoever explains. Immutable.
 *
 * @param role its name; {@code everyone} for a rule of nobody's role
 * @param pattern as it reads in a policy
 * @param place {@code file:line}
 * @param deny else it allows
 * @param publish else it is about subscribing
 * @param shadow reported, never in force
 * @param denyOnly for this subject its allows are void: a condition is unknown or a variable has no value
 * @param shared the groups it lets join
 */
record Rule(
        String role,
        String pattern,
        String place,
        boolean deny,
        boolean publish,
        boolean shadow,
        boolean denyOnly,
        List<String> shared) {}
