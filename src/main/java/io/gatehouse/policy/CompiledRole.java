package io.gatehouse.policy;

import io.gatehouse.config.Place;
import io.gatehouse.policy.model.Limits;
import java.util.List;

/**
 * A role without its rules, which are in the trie under its number. Immutable.
 *
 * @param includes numbers of roles, all greater than its own
 * @param variables that its rules and client ids use, as bits
 * @param needed of these, what is in force uses: without a value for it nobody has the role
 * @param first of these, those that are a first level, where no value may start with a dollar
 * @param hasShadow whether some of its statements, or all, are shadows
 */
record CompiledRole(
        String name,
        Place place,
        int[] includes,
        List<ClientIdPattern> clientIds,
        Limits limits,
        Conditions when,
        boolean shadow,
        int variables,
        int needed,
        int first,
        boolean hasShadow) {}
