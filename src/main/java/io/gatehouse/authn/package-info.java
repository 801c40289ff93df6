/**
 * Who is connecting: certificates, password files and tokens to a {@code Principal}. Floor 2.
 */
@NullMarked
package io.gatehouse.authn;

import org.jspecify.annotations.NullMarked;
