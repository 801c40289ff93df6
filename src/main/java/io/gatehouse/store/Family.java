package io.gatehouse.store;

import java.nio.charset.StandardCharsets;

/** The kinds of records, each in a column family of its own. */
enum Family {
    /** {@code format}, {@code clock}; and {@code g} + number of every session that is gone and not swept up yet. */
    META("default"),
    /** Number, kind, rest of the key; see {@link Keys}. */
    SESSIONS("sessions"),
    /** Number and sequence: what waits for a client, or was sent to it and not acknowledged. */
    QUEUES("queues"),
    /** Number and sequence: identifier and state of what was sent after it was stored. */
    STATES("states"),
    /** Number: what several entries have in common; number and {@code #}: how many still do. */
    CONTENTS("contents"),
    /** Topic. */
    RETAINED("retained");

    private final String text;

    Family(String text) {
        this.text = text;
    }

    byte[] bytes() {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
