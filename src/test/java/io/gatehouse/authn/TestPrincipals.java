package io.gatehouse.authn;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Principals for the tests of other rooms, made without a login. */
public final class TestPrincipals {
    private TestPrincipals() {}

    /** Somebody who logged in with a password. */
    public static Principal user(String name) {
        return user(name, Map.of());
    }

    public static Principal user(String name, Map<String, List<String>> attributes) {
        return of(name, "password", Set.of(AuthMethod.PASSWORD), attributes, null);
    }

    /** A device that logged in with a certificate of this common name. */
    public static Principal device(String id) {
        return device(id, Map.of("cert.cn", List.of(id), "cert.san.uri", List.of("urn:gatehouse:device:" + id)));
    }

    public static Principal device(String id, Map<String, List<String>> attributes) {
        return of(id, "certificate", Set.of(AuthMethod.CERTIFICATE), attributes, null);
    }

    /** Somebody who logged in with a token; {@code jwt.sub} and {@code jwt.iss} are set unless given. */
    public static Principal token(String name, String issuer, Map<String, List<String>> claims, Instant expiresAt) {
        Map<String, List<String>> attributes = new java.util.HashMap<>(claims);
        attributes.putIfAbsent("jwt.sub", List.of(name));
        attributes.putIfAbsent("jwt.iss", List.of(issuer));
        return of(name, "jwt:" + issuer, Set.of(AuthMethod.JWT), attributes, expiresAt);
    }

    public static Principal anonymous() {
        return of("", "anonymous", Set.of(AuthMethod.ANONYMOUS), Map.of(), null);
    }

    /** Anybody: the address is 127.0.0.1, the listener {@code test}. */
    public static Principal of(
            String name,
            String realm,
            Set<AuthMethod> methods,
            Map<String, List<String>> attributes,
            @Nullable Instant expiresAt) {
        try {
            InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
            return new Principal(new Subject(name, methods, "test", loopback, attributes), realm, expiresAt);
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }

    /** Whatever a test needs to say of itself. */
    public static Principal of(Subject subject, String realm, @Nullable Instant expiresAt) {
        return new Principal(subject, realm, expiresAt);
    }
}
