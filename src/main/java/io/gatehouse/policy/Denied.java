package io.gatehouse.policy;

import io.gatehouse.protocol.ReasonCode;

/**
 * A refusal: what the client is told and what the auditor is.
 *
 * @param rule the deciding rule as {@code file:line}, or {@code no rule allows it}
 * @param explanation one sentence for the log, the audit record and {@code policy explain}
 * @param responseTopic what was refused is the response topic of a message, not its own
 */
public record Denied(ReasonCode reason, String rule, String explanation, boolean responseTopic)
        implements ConnectDecision, PublishDecision, SubscribeDecision {
    public Denied(ReasonCode reason, String rule, String explanation) {
        this(reason, rule, explanation, false);
    }
}
