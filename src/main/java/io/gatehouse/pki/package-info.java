/**
 * The certificate authority as a library: returns values, never prints, never exits. Floor 0; uses Bouncy Castle.
 */
@NullMarked
package io.gatehouse.pki;

import org.jspecify.annotations.NullMarked;
