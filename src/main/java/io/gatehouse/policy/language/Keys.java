package io.gatehouse.policy.language;

import java.util.List;

/** The keys of the language: what is known where. The errors about unknown keys and the schema come from here. */
final class Keys {
    static final List<String> FILE =
            List.of("version", "mode", "defaults", "vars", "roles", "groups", "users", "assign", "everyone", "tests");
    static final List<String> DEFAULTS = List.of("retain", "max_qos", "wide_subscriptions", "holes", "response_topics");
    static final List<String> VARIABLE = List.of("from", "prefix", "suffix", "chars", "max", "case", "pattern");
    static final List<String> ROLE =
            List.of("include", "client_id", "publish", "subscribe", "deny", "limits", "when", "shadow", "note");
    static final List<String> DENY = List.of("publish", "subscribe");
    static final List<String> ITEM = List.of("topic", "max_qos", "retain", "max_payload", "shared", "shadow", "note");
    static final List<String> PUBLISH_ONLY = List.of("retain", "max_payload");
    static final List<String> SUBSCRIBE_ONLY = List.of("shared");
    static final List<String> LIMITS = List.of(
            "max_payload", "publish_rate", "publish_bytes", "subscriptions", "connections", "receive_max", "queued");
    static final List<String> CONDITION = List.of("listener", "network", "auth", "time", "cert.issuer", "cert.sha256");
    static final List<String> MATCH = List.of(
            "listener",
            "network",
            "auth",
            "time",
            "user",
            "group",
            "client",
            "cert.cn",
            "cert.issuer",
            "cert.sha256",
            "cert.serial",
            "cert.san.dns",
            "cert.san.uri",
            "cert.san.email",
            "cert.subject");
    static final List<String> SOURCES = List.of(
            "user", "client", "listener", "cert.cn", "cert.san.dns", "cert.san.uri", "cert.san.email", "cert.serial");
    static final List<String> ASSIGN = List.of("to", "roles");
    static final List<String> EVERYONE = List.of("deny", "limits");
    static final List<String> TEST = List.of("as", "can", "cannot");
    static final List<String> SUBJECT = List.of("user", "client", "listener", "address", "at", "auth");

    private Keys() {}
}
