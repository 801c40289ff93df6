package io.gatehouse.policy;

/** The answer to a request to subscribe: proof or a refusal. */
public sealed interface SubscribeDecision permits AuthorizedSubscription, Denied {}
