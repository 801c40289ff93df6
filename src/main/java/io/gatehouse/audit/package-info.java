/** Typed audit events as hash-chained JSON lines. Floor 1. */
@NullMarked
package io.gatehouse.audit;

import org.jspecify.annotations.NullMarked;
