/** The administration interface, health and metrics endpoints, and the {@code $SYS} topics. Floor 7. */
@NullMarked
package io.gatehouse.admin;

import org.jspecify.annotations.NullMarked;
