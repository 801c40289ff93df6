/**
 * JSON text to plain maps and lists and back, strict. Floor 0; the only user of Jackson.
 */
@NullMarked
package io.gatehouse.json;

import org.jspecify.annotations.NullMarked;
