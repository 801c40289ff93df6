package io.gatehouse.pki;

/**
 * What enrolment has come to. Immutable.
 *
 * @param today certificates that devices enrolled for within a day
 * @param perDay how many there may be
 * @param waiting devices that wait for an operator
 */
public record Standing(int today, int perDay, int waiting) {}
