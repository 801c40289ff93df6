package io.gatehouse.policy;

import io.gatehouse.protocol.ReasonCode;

/**
 * A refusal: what the client is told and what the auditor is.
 *
 * @param rule the deciding rule as {@code file:line}, or {@code no rule allows it}
 * @param explanation one sentence for the log, the audit record and {@code policy explain}
 */
public record Denied(ReasonCode reason, String rule, String explanation)
        implements ConnectDecision, PublishDecision, SubscribeDecision {}
