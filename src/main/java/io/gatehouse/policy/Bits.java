package io.gatehouse.policy;

import io.gatehouse.protocol.Qos;

/**
 * What a rule at a node of the trie says, as bits: static caps cost nothing because they are part of the question.
 *
 * <p>Fifteen bits are in force, the fifteen above them are the same for shadow statements: one walk answers for the
 * policy as it is and for the policy as it would be.
 */
final class Bits {
    /** Publish at QoS q, retained or not: bit 2q + r. */
    private static final int PUBLISH = 0;

    /** Publish at any QoS, retained or not; and a capped item, which allows some of that. */
    static final int ALL_PUBLISH = 0b10_0011_1111;

    /** Subscribe at QoS q: bit 6 + q. The one of QoS 0 is also the right to receive. */
    private static final int SUBSCRIBE = 6;

    static final int RECEIVE = 1 << SUBSCRIBE;

    /** An item with a payload cap stands here: what it allows is asked of the rule itself. */
    static final int CAPPED = 1 << 9;

    /** An item with groups for shared subscriptions stands here. */
    static final int SHARED = 1 << 10;

    /** A subscribe item that goes no further than QoS 0, or QoS 1, stands here. */
    private static final int MAX_QOS = 11;

    static final int DENY_PUBLISH = 1 << 13;
    static final int DENY_SUBSCRIBE = 1 << 14;

    private static final int SHADOW = 15;
    private static final int IN_FORCE = (1 << SHADOW) - 1;

    /** All that still counts where a condition is unknown or a variable has no value. */
    static final int DENIES = (DENY_PUBLISH | DENY_SUBSCRIBE) * (1 + (1 << SHADOW));

    /** A capped item stands here, in force or as a shadow. */
    static final int ANY_CAPPED = CAPPED * (1 + (1 << SHADOW));

    private Bits() {}

    static int publish(Qos qos, boolean retain) {
        return 1 << PUBLISH + 2 * qos.level() + (retain ? 1 : 0);
    }

    static int subscribe(Qos qos) {
        return 1 << SUBSCRIBE + qos.level();
    }

    static int publishUpTo(Qos maxQos, boolean retain) {
        int bits = 0;
        for (int level = 0; level <= maxQos.level(); level++) {
            bits |= publish(Qos.of(level), false) | (retain ? publish(Qos.of(level), true) : 0);
        }
        return bits;
    }

    static int subscribeUpTo(Qos maxQos) {
        int bits = maxQos == Qos.EXACTLY_ONCE ? 0 : 1 << MAX_QOS + maxQos.level();
        for (int level = 0; level <= maxQos.level(); level++) {
            bits |= subscribe(Qos.of(level));
        }
        return bits;
    }

    /** The marks of subscribe items that do not reach a quality of service. */
    static int subscribeBelow(Qos qos) {
        return (1 << MAX_QOS + qos.level()) - (1 << MAX_QOS);
    }

    /** The same statement as a shadow. */
    static int shadow(int bits) {
        return bits << SHADOW;
    }

    /** What it would be with the shadow statements in force, in the places of those in force. */
    static int withShadow(int bits) {
        return (bits | bits >>> SHADOW) & IN_FORCE;
    }

    /** A question asked of the policy as it would be. */
    static int alsoShadow(int question) {
        return question | question << SHADOW;
    }

    static boolean isShadow(int bits) {
        return (bits & ~IN_FORCE) != 0;
    }
}
