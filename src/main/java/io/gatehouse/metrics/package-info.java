/**
 * Counters and gauges, and their Prometheus text. Floor 0; the only user of the metrics library.
 */
@NullMarked
package io.gatehouse.metrics;

import org.jspecify.annotations.NullMarked;
