package io.gatehouse.policy;

import io.gatehouse.protocol.Qos;

/**
 * What a rule at a node of the trie says, as bits: static caps cost nothing because they are part of the question.
 */
final class Bits {
    /** Publish at QoS q, retained or not: bit 2q + r. */
    private static final int PUBLISH = 0;

    /** Subscribe at QoS q: bit 6 + q. The one of QoS 0 is also the right to receive. */
    private static final int SUBSCRIBE = 6;

    static final int RECEIVE = 1 << SUBSCRIBE;

    /** An item with a payload cap stands here: its allow bits are in a side table. */
    static final int CAPPED = 1 << 9;

    /** An item with groups for shared subscriptions stands here. */
    static final int SHARED = 1 << 10;

    static final int DENY_PUBLISH = 1 << 16;
    static final int DENY_SUBSCRIBE = 1 << 17;
    static final int DENIES = DENY_PUBLISH | DENY_SUBSCRIBE;

    private Bits() {}

    static int publish(Qos qos, boolean retain) {
        return 1 << PUBLISH + 2 * qos.level() + (retain ? 1 : 0);
    }

    static int subscribe(Qos qos) {
        return 1 << SUBSCRIBE + qos.level();
    }

    static int publishUpTo(Qos maxQos, boolean retain) {
        int bits = 0;
        for (Qos qos : Qos.values()) {
            if (qos.compareTo(maxQos) <= 0) {
                bits |= publish(qos, false) | (retain ? publish(qos, true) : 0);
            }
        }
        return bits;
    }

    static int subscribeUpTo(Qos maxQos) {
        int bits = 0;
        for (Qos qos : Qos.values()) {
            bits |= qos.compareTo(maxQos) <= 0 ? subscribe(qos) : 0;
        }
        return bits;
    }
}
