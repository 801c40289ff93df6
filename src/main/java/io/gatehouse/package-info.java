/** The composition root: {@code Broker} makes every object in dependency order. Floor 8. */
@NullMarked
package io.gatehouse;

import org.jspecify.annotations.NullMarked;
