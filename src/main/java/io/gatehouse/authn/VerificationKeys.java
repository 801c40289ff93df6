package io.gatehouse.authn;

import com.nimbusds.jose.jwk.JWK;
import io.gatehouse.json.Json;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A JWK set (RFC 7517), parsed and checked. Immutable; any thread. */
final class VerificationKeys {
    static final int MAX_BYTES = 256 * 1024;
    static final int MAX_KEYS = 100;

    private final List<VerificationKey> keys;

    private VerificationKeys(List<VerificationKey> keys) {
        this.keys = keys;
    }

    /**
     * Reads a set.
     *
     * @param strict for a file of our own: a key that cannot be used is an error. An identity provider's set may hold
     *     keys for other purposes, which are passed over.
     */
    static VerificationKeys parse(String json, boolean strict) throws Unusable {
        List<VerificationKey> keys = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        for (Map<?, ?> entry : entries(json)) {
            try {
                VerificationKey key = VerificationKey.of(JWK.parse(Json.line(entry)));
                if (strict && key.id() != null && !ids.add(key.id())) {
                    throw new Unusable("two keys have the kid '" + UserName.shown(key.id()) + "'");
                }
                keys.add(key);
            } catch (ParseException e) {
                if (strict) {
                    throw new Unusable("an entry of 'keys' is not a key that can be read");
                }
            } catch (Unusable e) {
                if (strict) {
                    throw e;
                }
            }
        }
        if (keys.isEmpty()) {
            throw new Unusable("it holds no key that can verify a signature");
        }
        return new VerificationKeys(List.copyOf(keys));
    }

    private static List<Map<?, ?>> entries(String json) throws Unusable {
        if (json.length() > MAX_BYTES) {
            throw new Unusable("it is larger than " + MAX_BYTES + " bytes");
        }
        try {
            Map<String, Object> set = Json.object(json);
            if (!(set.get("keys") instanceof List<?> list)) {
                throw new Unusable("it has no list 'keys'; a key set is {\"keys\": [...]} (RFC 7517)");
            }
            if (list.size() > MAX_KEYS) {
                throw new Unusable("it holds " + list.size() + " keys, the most is " + MAX_KEYS);
            }
            List<Map<?, ?>> entries = new ArrayList<>();
            for (Object entry : list) {
                if (!(entry instanceof Map<?, ?> map)) {
                    throw new Unusable("an entry of 'keys' is not an object");
                }
                entries.add(map);
            }
            return entries;
        } catch (Json.NotJson e) {
            throw new Unusable("it is not JSON: " + e.getMessage());
        }
    }

    /** Never tries one key after the other: a token names its key, or there is only one it can be. */
    KeyChoice choose(@Nullable String id, JwtAlgorithm algorithm) {
        VerificationKey found = null;
        for (VerificationKey key : keys) {
            if (!key.fits(algorithm) || id != null && !id.equals(key.id())) {
                continue;
            }
            if (found != null) {
                return new KeyChoice.NoKey(
                        (id == null ? "it has no kid" : "its kid is not unique") + ", and several keys could be meant");
            }
            found = key;
        }
        if (found != null) {
            return new KeyChoice.Found(found);
        }
        return new KeyChoice.NoKey(
                id == null
                        ? "the issuer has no key for " + algorithm
                        : "the issuer has no key '" + UserName.shown(id) + "' for " + algorithm);
    }

    boolean holds(String id) {
        return keys.stream().anyMatch(key -> id.equals(key.id()));
    }

    boolean holdsThumbprint(String thumbprint) {
        return keys.stream().anyMatch(key -> key.thumbprint().equals(thumbprint));
    }

    boolean holdsSecrets() {
        return keys.stream().anyMatch(VerificationKey::isSecret);
    }

    int size() {
        return keys.size();
    }
}
