/**
 * What strangers and bad neighbours do to a broker, while a well-behaved pair of clients goes about its business: the
 * broker is whole and real, in this process, with every buffer's whereabouts recorded.
 */
@NullMarked
package io.gatehouse.abuse;

import org.jspecify.annotations.NullMarked;
