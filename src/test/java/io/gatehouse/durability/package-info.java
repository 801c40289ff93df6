/**
 * What survives when the broker does not: a broker in a process of its own is killed again and again under load, and what its
 * clients were promised is compared with what they get.
 */
package io.gatehouse.durability;
