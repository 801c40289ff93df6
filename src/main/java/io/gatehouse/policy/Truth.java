package io.gatehouse.policy;

/** What a condition came to. Unknown closes both ways: allows behind it are void, denies hold. */
enum Truth {
    FALSE,
    UNKNOWN,
    TRUE;

    Truth and(Truth other) {
        return compareTo(other) <= 0 ? this : other;
    }

    Truth or(Truth other) {
        return compareTo(other) >= 0 ? this : other;
    }

    static Truth of(boolean value) {
        return value ? TRUE : FALSE;
    }
}
