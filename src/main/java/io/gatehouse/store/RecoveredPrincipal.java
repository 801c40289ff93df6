package io.gatehouse.store;

/**
 * The proof that a store held this principal: who had a session or left a message in an earlier run. Made by the store's
 * room only; needed to make a principal of it again. Immutable.
 */
public final class RecoveredPrincipal {
    private final PrincipalRecord record;
    private final String clientId;

    RecoveredPrincipal(PrincipalRecord record, String clientId) {
        this.record = record;
        this.clientId = clientId;
    }

    public PrincipalRecord record() {
        return record;
    }

    public String clientId() {
        return clientId;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RecoveredPrincipal that && record.equals(that.record) && clientId.equals(that.clientId);
    }

    @Override
    public int hashCode() {
        return record.hashCode() * 31 + clientId.hashCode();
    }
}
