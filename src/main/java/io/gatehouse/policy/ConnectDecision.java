package io.gatehouse.policy;

/** The answer to a request to connect: proof or a refusal. */
public sealed interface ConnectDecision permits AuthorizedConnect, Denied {}
