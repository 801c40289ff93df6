package io.gatehouse.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The numbered statements that a test shows, such as {@code MQTT-3.1.0-1}. The method's name begins with one of them:
 * {@code mqtt_3_1_0_1_firstPacketMustBeConnect}.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface Statement {
    String[] value();
}
