package io.gatehouse.pki;

import java.security.Provider;
import org.conscrypt.Conscrypt;
import org.jspecify.annotations.Nullable;

/**
 * BoringSSL, by way of Conscrypt: a key pair and a signature on P-256 take it a tenth and a fifth of what they take in Java.
 *
 * <p>Its library is there for Linux, macOS and Windows on the common processors. Where it cannot be loaded, on another system or
 * where the folder for temporary files lets nothing be executed, all is done in Java: the results are the same.
 */
final class BoringSsl {
    /** {@code false} has all done in Java. */
    static final String PROPERTY = "gatehouse.certs.native";

    /** As an object, not registered: other rooms go on with the platform's providers. */
    static final @Nullable Provider PROVIDER;

    private static final String WORDS;

    static {
        Provider provider = null;
        String words;
        if (Boolean.parseBoolean(System.getProperty(PROPERTY, "true"))) {
            try {
                provider = Conscrypt.newProviderBuilder()
                        .provideTrustManager(false)
                        .build();
                Conscrypt.Version version = Conscrypt.version();
                words = "BoringSSL (Conscrypt " + version.major() + "." + version.minor() + "." + version.patch() + ")";
            } catch (LinkageError | RuntimeException e) { // it says the one, and wraps it in the other
                words = "Java (BouncyCastle), for BoringSSL cannot be loaded here: " + e.getMessage();
            }
        } else {
            words = "Java (BouncyCastle), as " + PROPERTY + " says";
        }
        PROVIDER = provider;
        WORDS = words;
    }

    private BoringSsl() {}

    /** It, or else the library in Java. */
    static Provider orJava() {
        return PROVIDER == null ? BouncyCastle.PROVIDER : PROVIDER;
    }

    /** What makes the keys and signatures here, for people. */
    static String describe() {
        return WORDS;
    }
}
