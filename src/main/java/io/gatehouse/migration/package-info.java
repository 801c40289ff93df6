/**
 * From Mosquitto's files to ours: reads a configuration, its access lists and its users, writes what says the same, and says
 * what does not. Returns values; nothing here writes a file or prints. Floor 7.
 */
@NullMarked
package io.gatehouse.migration;

import org.jspecify.annotations.NullMarked;
