/**
 * YAML to immutable records, every problem of a file at once as {@code file:line:col}. Floor 0; the only user of
 * SnakeYAML.
 */
@NullMarked
package io.gatehouse.config;

import org.jspecify.annotations.NullMarked;
