package io.gatehouse.authn;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * {@code login:} of a listener: which methods it takes, and whether one or all of them must succeed.
 *
 * <p>Which of several is used is decided by what the client presents, before anything is verified, and its failure is
 * final: nothing falls through to a weaker method.
 */
public sealed interface LoginPlan {

    /** Every method that it names. */
    Set<AuthMethod> methods();

    /** {@code login: certificate}, {@code password}, {@code jwt}; {@code none} is {@link AuthMethod#ANONYMOUS}. */
    record One(AuthMethod method) implements LoginPlan {
        @Override
        public Set<AuthMethod> methods() {
            return Set.of(method);
        }

        @Override
        public String toString() {
            return method == AuthMethod.ANONYMOUS ? "none" : method.word();
        }
    }

    /** {@code login: {any: [...]}}: every method whose credential the client presents, at least one. */
    record Any(Set<AuthMethod> methods) implements LoginPlan {
        public Any {
            methods = several(methods);
        }

        @Override
        public String toString() {
            return "any of " + words(methods);
        }
    }

    /**
     * {@code login: {all: [...]}}: every method.
     *
     * @param sameUser whether they must all name the same user
     */
    record All(Set<AuthMethod> methods, boolean sameUser) implements LoginPlan {
        public All {
            methods = several(methods);
            if (methods.contains(AuthMethod.PASSWORD) && methods.contains(AuthMethod.JWT)) {
                throw new IllegalArgumentException(
                        "password and jwt cannot both be required: a CONNECT has one password field");
            }
        }

        @Override
        public String toString() {
            return "all of " + words(methods);
        }
    }

    private static Set<AuthMethod> several(Set<AuthMethod> methods) {
        if (methods.isEmpty()) {
            throw new IllegalArgumentException("a login needs a method");
        }
        if (methods.contains(AuthMethod.ANONYMOUS)) {
            throw new IllegalArgumentException("'none' stands alone: with other methods it would undo them");
        }
        // in the order of the constants: the certificate first, which costs least and wins the name
        return java.util.Collections.unmodifiableSet(EnumSet.copyOf(methods));
    }

    private static List<String> words(Set<AuthMethod> methods) {
        return methods.stream().map(AuthMethod::word).toList();
    }
}
