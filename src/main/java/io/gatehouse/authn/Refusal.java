package io.gatehouse.authn;

import io.gatehouse.protocol.ReasonCode;

/** The refusals that this room's methods share, so that they cannot be told apart by wording. Stateless. */
final class Refusal {
    static final Authentication.Rejected WRONG_PASSWORD =
            new Authentication.Rejected(ReasonCode.BAD_USER_NAME_OR_PASSWORD, "unknown user or wrong password");

    static final Authentication.Rejected TOO_MANY = new Authentication.Rejected(
            ReasonCode.CONNECTION_RATE_EXCEEDED, "too many failed logins of this user or address; it has to wait");

    static final Authentication.Rejected NOTHING_PRESENTED = new Authentication.Rejected(
            ReasonCode.BAD_USER_NAME_OR_PASSWORD, "nothing was presented that this listener takes");

    private Refusal() {}

    static Authentication.Rejected bad(String detail) {
        return new Authentication.Rejected(ReasonCode.BAD_USER_NAME_OR_PASSWORD, detail);
    }

    static Authentication.Rejected unavailable(String detail) {
        return new Authentication.Rejected(ReasonCode.SERVER_UNAVAILABLE, detail);
    }
}
