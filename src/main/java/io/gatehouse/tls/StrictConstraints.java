package io.gatehouse.tls;

import java.security.AlgorithmConstraints;
import java.security.AlgorithmParameters;
import java.security.CryptoPrimitive;
import java.security.Key;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the JDK's engine may negotiate, beyond what the platform forbids: no SHA-1, SHA-224 or DSA in a handshake's
 * signatures, no finite fields, and only the curves of this listener. Immutable; any thread.
 *
 * <p>Certificates are judged elsewhere, by {@link CertificateRules}, which can say what is wrong.
 *
 * @param rareCurves whether P-521 may be used; a client's signature with such a key needs it
 * @param cnsa no curve but P-384, neither for keys of a session nor for signatures
 */
record StrictConstraints(boolean rareCurves, boolean cnsa) implements AlgorithmConstraints {
    @Override
    public boolean permits(
            Set<CryptoPrimitive> primitives, @Nullable String algorithm, @Nullable AlgorithmParameters parameters) {
        String name = String.valueOf(algorithm).toLowerCase(Locale.ROOT).replace("-", "");
        if (name.contains("sha1") || name.contains("sha224") || name.contains("md5")) {
            return false;
        }
        if (name.endsWith("withdsa") || name.startsWith("dsa_") || name.equals("dsa")) {
            return false;
        }
        if (name.startsWith("ffdhe") || name.equals("diffiehellman") || name.equals("x448")) {
            return false;
        }
        if (cnsa && (name.equals("x25519") || name.equals("secp256r1") || name.equals("ed25519"))) {
            return false;
        }
        return rareCurves && !cnsa || !name.equals("secp521r1");
    }

    @Override
    public boolean permits(Set<CryptoPrimitive> primitives, Key key) {
        return true;
    }

    @Override
    public boolean permits(
            Set<CryptoPrimitive> primitives,
            @Nullable String algorithm,
            Key key,
            @Nullable AlgorithmParameters parameters) {
        return permits(primitives, algorithm, parameters);
    }
}
