package io.gatehouse.policy;

/** The answer to a request to publish: proof or a refusal. */
public sealed interface PublishDecision permits AuthorizedPublish, Denied {}
