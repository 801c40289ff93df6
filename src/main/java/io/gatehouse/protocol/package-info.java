/**
 * MQTT's nouns as validated immutable values: packets, topics, filters, reason codes. Floor 0; imports nothing.
 */
@NullMarked
package io.gatehouse.protocol;

import org.jspecify.annotations.NullMarked;
