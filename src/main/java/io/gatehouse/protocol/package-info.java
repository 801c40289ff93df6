/**
 * MQTT's nouns as validated immutable values: packets, topics, filters, reason codes. Floor 0; imports nothing.
 *
 * <p>Parse at the border, pass types inside: a {@code TopicName} exists or its factory threw. The differences between
 * MQTT 3.1, 3.1.1 and 5.0 end here: an absent property is its documented default.
 */
@NullMarked
package io.gatehouse.protocol;

import org.jspecify.annotations.NullMarked;
