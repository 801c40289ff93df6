/**
 * What past vulnerabilities and well-known mistakes of brokers teach, each as a test at the border: real sockets with raw
 * bytes over TLS, real files, a policy loaded from disk. {@code security/lessons.txt} says which test answers what.
 */
@NullMarked
package io.gatehouse.security;

import org.jspecify.annotations.NullMarked;
