package io.gatehouse.authn;

/** The answer of a key set. */
sealed interface KeyChoice {

    /** The one key. */
    record Found(VerificationKey key) implements KeyChoice {}

    /** There is none, or more than one; the sentence says which and is for the log. */
    record NoKey(String why) implements KeyChoice {}

    /** The set is not known: nobody can log in by it, whatever the token. */
    record Unavailable(String why) implements KeyChoice {}
}
