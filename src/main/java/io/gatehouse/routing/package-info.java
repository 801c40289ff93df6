/**
 * From an authorized publish to every session that may receive it: router, retained messages, shared groups. Floor 5.
 */
@NullMarked
package io.gatehouse.routing;

import org.jspecify.annotations.NullMarked;
