package io.gatehouse.policy.model;

/** One level of a topic pattern. */
public sealed interface Level {

    /** Text that a topic's level must equal, byte for byte; may be empty. */
    record Literal(String text) implements Level {
        @Override
        public String toString() {
            return text;
        }
    }

    /** A variable: one whole level, taken from the login. */
    record Variable(String name) implements Level {
        @Override
        public String toString() {
            return "<" + name + ">";
        }
    }

    /** {@code +}: exactly one level. */
    record AnyLevel() implements Level {
        @Override
        public String toString() {
            return "+";
        }
    }

    /** {@code #}: zero or more further levels; last only. */
    record AnyDeeper() implements Level {
        @Override
        public String toString() {
            return "#";
        }
    }
}
