package io.gatehouse.authn;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** An issuer's keys as they are now. Any thread; never blocks. */
interface KeySet {

    /**
     * The key a token names.
     *
     * @param id {@code kid} of the token; null where it has none, which a set with a single key of the kind allows
     */
    CompletionStage<KeyChoice> choose(@Nullable String id, JwtAlgorithm algorithm);

    /** Whether a key with this thumbprint is in the set; true while the set is not known. */
    boolean holds(String thumbprint);

    /** Changes when the keys change: what was verified under another generation is verified anew. */
    long generation();
}
