package io.gatehouse.store;

import io.gatehouse.protocol.Message;

/**
 * A retained message, and who left it.
 *
 * @param storedAtMillis from when its expiry counts
 */
public record RetainedRecord(Message message, PrincipalRecord publisher, String clientId, long storedAtMillis) {}
