package io.gatehouse.audit;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something an auditor asks about. Each kind is a record; its name on the line and its fields are stable.
 *
 * <p>No payloads, no tokens, no passwords.
 */
public sealed interface AuditEvent {

    /** The stable name: {@code login}, {@code decision}, ... */
    String name();

    /** The fields in the order they are written; a null value is left out. */
    Map<String, @Nullable Object> fields();

    /** Who did it: what every event about a client says of it. */
    record Actor(String user, String realm, String clientId, String address, String listener, Proof proof) {
        Fields fields() {
            return new Fields()
                    .put("user", user)
                    .put("realm", realm)
                    .put("client", clientId)
                    .put("method", proof.method)
                    .put("cert_sha256", proof.certificateSha256)
                    .put("jwt_iss", proof.tokenIssuer)
                    .put("jwt_sub", proof.tokenSubject)
                    .put("address", address)
                    .put("listener", listener);
        }
    }

    /**
     * What it proved itself with; null for each that there is none of, or that was not believed.
     *
     * @param method {@code certificate}, {@code password}, {@code jwt}, {@code anonymous}, or several with a plus between them
     * @param certificateSha256 of the certificate that its handshake was accepted with, lower-case hex
     */
    record Proof(
            @Nullable String method,
            @Nullable String certificateSha256,
            @Nullable String tokenIssuer,
            @Nullable String tokenSubject) {
        public static final Proof NONE = new Proof(null, null, null, null);
    }

    /**
     * What was asked.
     *
     * @param action {@code connect}, {@code publish}, {@code response_topic}, {@code subscribe} or {@code will}
     * @param target the topic or filter; of a connection the client identifier
     * @param qos of the message, or of the subscription; null for a connection
     * @param retain of the message; null for what is none
     */
    record Request(
            String action,
            String target,
            @Nullable Integer qos,
            @Nullable Boolean retain) {
        Fields into(Fields fields) {
            return fields.put("action", action)
                    .put("target", target)
                    .put("qos", qos)
                    .put("retain", retain);
        }
    }

    /**
     * The policy that was in force.
     *
     * @param revision that it was signed with; unsigned policies count from 1 since the start of the broker
     * @param digest SHA-256 over the names and contents of its files, hex
     */
    record InForce(long revision, String digest) {
        Map<String, @Nullable Object> fields() {
            return new Fields().put("revision", revision).put("digest", digest).map();
        }
    }

    /**
     * A login that was accepted or refused.
     *
     * @param outcome {@code accepted}, {@code refused}, or {@code renewed}: a client that is in proved itself anew
     * @param reason the reason code's byte
     * @param detail why, for the auditor; null when accepted
     */
    record Login(
            Actor actor,
            String outcome,
            int reason,
            @Nullable String detail) implements AuditEvent {
        @Override
        public String name() {
            return "login";
        }

        @Override
        public Map<String, @Nullable Object> fields() {
            return actor.fields()
                    .put("outcome", outcome)
                    .put("reason", reason)
                    .put("detail", detail)
                    .map();
        }
    }

    /**
     * A handshake that was refused, before there was a client to speak of.
     *
     * @param code the stable code, such as {@code CERT_EXPIRED}
     * @param subject of the refused certificate; null where there was none
     * @param suppressed how many alike were not written since the last
     */
    record HandshakeRefused(
            String address,
            String listener,
            String code,
            @Nullable String subject,
            @Nullable String serial,
            @Nullable String issuer,
            String detail,
            long suppressed)
            implements AuditEvent {
        @Override
        public String name() {
            return "handshake";
        }

        @Override
        public Map<String, @Nullable Object> fields() {
            return new Fields()
                    .put("address", address)
                    .put("listener", listener)
                    .put("code", code)
                    .put("subject", subject)
                    .put("serial", serial)
                    .put("issuer", issuer)
                    .put("detail", detail)
                    .count(suppressed)
                    .map();
        }
    }

    /**
     * A policy decision that denied.
     *
     * @param rule the deciding rule as {@code file:line}, or why there is none
     * @param detail one sentence
     * @param suppressed how many alike were not written since the last
     */
    record Denied(Actor actor, Request request, int reason, String rule, String detail, InForce policy, long suppressed)
            implements AuditEvent {
        @Override
        public String name() {
            return "decision";
        }

        @Override
        public Map<String, @Nullable Object> fields() {
            return request.into(actor.fields().put("decision", "deny"))
                    .put("reason", reason)
                    .put("rule", rule)
                    .put("detail", detail)
                    .put("policy", policy.fields())
                    .count(suppressed)
                    .map();
        }
    }

    /**
     * A policy decision that allowed, of a sample of them.
     *
     * @param request of a subscription with its quality of service as granted
     * @param rule the deciding rule as {@code file:line}
     * @param oneIn of so many this is one
     * @param leftOut how many of the sample were not written since the last, because they were too many
     */
    record Allowed(Actor actor, Request request, String rule, String detail, InForce policy, int oneIn, long leftOut)
            implements AuditEvent {
        @Override
        public String name() {
            return "decision";
        }

        @Override
        public Map<String, @Nullable Object> fields() {
            return request.into(actor.fields().put("decision", "allow"))
                    .put("rule", rule)
                    .put("detail", detail)
                    .put("policy", policy.fields())
                    .put("one_in", oneIn)
                    .count(leftOut)
                    .map();
        }
    }

    /**
     * A shadow statement would have answered otherwise.
     *
     * @param action {@code publish}, {@code subscribe} or {@code receive}
     * @param target the topic or filter
     * @param would {@code allow} what is denied, or {@code deny} what is allowed
     * @param role whose statement it is; empty where several make the difference together
     * @param rule its {@code file:line}
     * @param suppressed how many alike were not written since the last
     */
    record Shadow(
            Actor actor,
            String action,
            String target,
            String would,
            String role,
            String rule,
            InForce policy,
            long suppressed)
            implements AuditEvent {
        @Override
        public String name() {
            return "shadow";
        }

        @Override
        public Map<String, @Nullable Object> fields() {
            return actor.fields()
                    .put("would", would)
                    .put("action", action)
                    .put("target", target)
                    .put("role", role)
                    .put("rule", rule)
                    .put("policy", policy.fields())
                    .count(suppressed)
                    .map();
        }
    }

    /**
     * A client lost the right to subscriptions that it has.
     *
     * @param filters some of them
     * @param rules for each of those, the rule that denies it as {@code file:line}, or why there is none
     * @param count all of them
     * @param outcome {@code dormant}, {@code disconnected}, or {@code away}: the client was not connected
     */
    record Revoked(Actor actor, List<String> filters, List<String> rules, int count, String outcome, InForce policy)
            implements AuditEvent {
        public Revoked {
            filters = List.copyOf(filters);
            rules = List.copyOf(rules);
        }

        @Override
        public String name() {
            return "revoke";
        }

        @Override
        public Map<String, @Nullable Object> fields() {
            return actor.fields()
                    .put("filters", filters)
                    .put("rules", rules)
                    .put("count", count)
                    .put("outcome", outcome)
                    .put("policy", policy.fields())
                    .map();
        }
    }

    /**
     * A policy was put in force, or was not.
     *
     * @param outcome {@code loaded}, {@code refused} or {@code window}: a time window opened or closed
     * @param details what it came to
     * @param policy that is in force now: after a refusal, the last good one
     */
    record PolicyLoad(String outcome, Map<String, Object> details, InForce policy) implements AuditEvent {
        public PolicyLoad {
            details = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(details));
        }

        @Override
        public String name() {
            return "policy.load";
        }

        @Override
        public Map<String, @Nullable Object> fields() {
            return new Fields()
                    .put("outcome", outcome)
                    .all(details)
                    .put("policy", policy.fields())
                    .map();
        }
    }

    /**
     * A connection that the broker ended, or a session that changed hands.
     *
     * @param cause a stable word: {@code takeover}, {@code clientid_conflict}, {@code revoked}, {@code expired},
     *     {@code protocol_error}, {@code keep_alive}, {@code shutdown}, ...
     */
    record Ended(Actor actor, String cause, int reason, String detail) implements AuditEvent {
        @Override
        public String name() {
            return "ended";
        }

        @Override
        public Map<String, @Nullable Object> fields() {
            return actor.fields()
                    .put("cause", cause)
                    .put("reason", reason)
                    .put("detail", detail)
                    .map();
        }
    }

    /**
     * A certificate that a device asked for, or first used, or that had its day.
     *
     * @param via {@code est} or {@code mqtt}
     * @param action {@code enrol}, {@code renew}, {@code activate}, {@code retire}, {@code request}
     * @param outcome {@code granted}, {@code repeated}, {@code waiting}, {@code activated}, {@code revoked}, or the word of the
     *     refusal
     * @param serial of the certificate; null where there is none
     */
    record Enrolment(
            String address,
            String via,
            String action,
            String id,
            String outcome,
            @Nullable String serial,
            @Nullable String detail)
            implements AuditEvent {
        @Override
        public String name() {
            return "enrolment";
        }

        @Override
        public Map<String, @Nullable Object> fields() {
            return new Fields()
                    .put("address", address)
                    .put("via", via)
                    .put("action", action)
                    .put("id", id)
                    .put("outcome", outcome)
                    .put("serial", serial)
                    .put("detail", detail)
                    .map();
        }
    }

    /**
     * Something about the broker itself: its start and stop, a reload and its outcome, an acknowledged weakness.
     *
     * @param what a stable word: {@code started}, {@code stopped}, {@code logins_loaded}, {@code keys_changed}, {@code tls_loaded},
     *     {@code tls_refused}, {@code insecure_listener}, ...
     */
    record Broker(String what, Map<String, Object> details) implements AuditEvent {
        public Broker {
            details = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(details));
        }

        @Override
        public String name() {
            return "broker";
        }

        @Override
        public Map<String, @Nullable Object> fields() {
            return new Fields().put("what", what).all(details).map();
        }
    }
}
