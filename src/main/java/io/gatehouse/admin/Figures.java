package io.gatehouse.admin;

/**
 * The broker's figures at one moment: totals since its start, and what there is now.
 *
 * @param uptimeSeconds since the start
 * @param clientsConnected connections that are logged in
 * @param clientsDisconnected sessions whose client is away
 * @param clientsMaximum the most connections at one time
 * @param clientsExpired sessions that ended by their expiry
 * @param messagesReceived packets of any type, as Mosquitto counts "messages"
 * @param messagesSent packets of any type
 * @param publishReceived PUBLISH packets
 * @param publishSent PUBLISH packets
 * @param publishDropped messages that did not reach a session that wanted them
 * @param publishBytesReceived payloads
 * @param publishBytesSent payloads
 * @param storedMessages waiting in sessions or retained
 * @param storedBytes their payloads
 * @param connectionsAccepted since the start, logged in or not
 * @param socketsOpen now, logged in or not
 * @param logins CONNECTs that were answered, accepted or refused
 * @param heapBytes of memory in use
 * @param heapMaximumBytes the most that was seen in use
 */
public record Figures(
        long uptimeSeconds,
        long clientsConnected,
        long clientsDisconnected,
        long clientsMaximum,
        long clientsExpired,
        long messagesReceived,
        long messagesSent,
        long bytesReceived,
        long bytesSent,
        long publishReceived,
        long publishSent,
        long publishDropped,
        long publishBytesReceived,
        long publishBytesSent,
        long subscriptions,
        long sharedSubscriptions,
        long retainedMessages,
        long storedMessages,
        long storedBytes,
        long connectionsAccepted,
        long socketsOpen,
        long logins,
        long heapBytes,
        long heapMaximumBytes) {}
