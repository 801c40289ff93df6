package io.gatehouse.policy;

import io.gatehouse.policy.model.Variable;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.TopicName;

/** The sentences of refusals. Stateless. What a client sent is cut, and printable. */
final class Denials {
    /** The deciding rule, where none is. */
    static final String NO_RULE = "no rule allows it";

    /** The deciding rule, where it is the engine itself. */
    static final String BUILT_IN = "built in";

    private static final int SHOWN = 128;

    private Denials() {}

    static Denied noRule(String explanation) {
        return new Denied(ReasonCode.NOT_AUTHORIZED, NO_RULE, explanation);
    }

    static Denied responseTopic(TopicName response) {
        return new Denied(
                ReasonCode.NOT_AUTHORIZED,
                NO_RULE,
                "its response topic " + quoted(response.text()) + " is not one it may subscribe to",
                true);
    }

    static Denied noValue(Variable variable, VariableValue value) {
        String why = value.value() == null
                ? value.why()
                : variable.from() + " " + quoted(value.value()) + " starts with \"$\" and would be a first level";
        return noRule("variable <" + variable.name() + "> has no value: " + why);
    }

    static Denied clientId(CompiledRole role, String clientId) {
        return new Denied(
                ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
                role.place().fileAndLine(),
                "client id " + quoted(clientId) + " is not one that role \"" + role.name() + "\" allows: "
                        + role.clientIds().stream().map(ClientIdPattern::text).toList());
    }

    static Denied deniedBy(Rule rule) {
        return new Denied(
                ReasonCode.NOT_AUTHORIZED,
                rule.place(),
                "denied by \"" + rule.pattern() + "\" of role \"" + rule.role() + "\"");
    }

    static Denied tooLarge(int sizeBytes, String allowed) {
        return new Denied(
                ReasonCode.QUOTA_EXCEEDED, NO_RULE, "a payload of " + sizeBytes + " bytes is more than " + allowed);
    }

    /** Text from outside: in quotes, cut, and without what a terminal or a log would obey. */
    static String quoted(String text) {
        StringBuilder shown = new StringBuilder("\"");
        text.codePoints()
                .limit(SHOWN)
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c)
                .forEach(shown::appendCodePoint);
        return shown.append(text.codePointCount(0, text.length()) > SHOWN ? "…\"" : "\"")
                .toString();
    }
}
