package io.gatehouse.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The specification whose statements the tests of a class show. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface Conformance {
    Specification value();
}
