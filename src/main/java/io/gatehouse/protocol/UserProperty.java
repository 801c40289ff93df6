package io.gatehouse.protocol;

/** A user property: a pair of strings that the broker carries and never reads (MQTT 5.0, section 3.3.2.3.7). */
public record UserProperty(String name, String value) {}
