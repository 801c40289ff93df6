package io.gatehouse.protocol;

/**
 * The message that speaks for a client that can no longer (MQTT 5.0, section 3.1.2.5).
 *
 * @param delaySeconds will delay interval; 0 where absent [MQTT-3.1.3-9]
 */
public record Will(Message message, long delaySeconds) {}
