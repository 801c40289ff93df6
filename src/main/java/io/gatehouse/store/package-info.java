/**
 * Durable sessions, queues and retained messages as plain records; knows no behaviour. Floor 1.
 */
@NullMarked
package io.gatehouse.store;

import org.jspecify.annotations.NullMarked;
