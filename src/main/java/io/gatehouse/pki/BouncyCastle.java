package io.gatehouse.pki;

import java.security.Provider;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** The library's provider, made once: it lists some thousand algorithms. */
final class BouncyCastle {
    /** As an object, not registered: other rooms go on with the platform's providers. */
    static final Provider PROVIDER = new BouncyCastleProvider();

    private BouncyCastle() {}
}
