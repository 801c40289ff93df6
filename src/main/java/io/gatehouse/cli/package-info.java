/**
 * The commands. The only room that prints or exits. Floor 9.
 */
@NullMarked
package io.gatehouse.cli;

import org.jspecify.annotations.NullMarked;
