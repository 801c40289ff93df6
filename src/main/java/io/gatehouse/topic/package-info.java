/**
 * The two trees: filters in and names asked, names in and filters asked. Floor 1; lock-free reads, no third party.
 */
@NullMarked
package io.gatehouse.topic;

import org.jspecify.annotations.NullMarked;
