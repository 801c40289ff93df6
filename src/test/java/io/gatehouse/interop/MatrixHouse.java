package io.gatehouse.interop;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.TrustManagerFactory;

/**
 * A broker in a process of its own for client libraries: a door for TLS and one for WebSocket over TLS, which take
 * passwords and tokens, and let in one page of a browser. Used by one test thread.
 */
final class MatrixHouse implements AutoCloseable {
    static final String USER = "matrix";
    static final String PASSWORD = "green leaves";

    private static final String ISSUER = "https://id.example.com";
    private static final String POLICY = """
            version: 1
            roles:
              member:
                publish: ["m/#"]
                subscribe: ["m/#"]
            users:
              matrix: [member]
            """;

    final TestAuthority authority;
    final TestAuthority.Identity server;
    final int tlsPort;
    final int webPort;

    /** Where the page is served that may connect: {@code http://localhost:} and this. */
    final int pagePort;

    private final Path folder;
    private final BrokerUnderTest broker;
    private final ECKey tokenKey;

    MatrixHouse(Path folder) {
        this.folder = folder;
        List<Integer> ports = BrokerUnderTest.freePorts(3);
        tlsPort = ports.get(0);
        webPort = ports.get(1);
        pagePort = ports.get(2);
        authority = new TestAuthority(folder, "house");
        server = authority.server("localhost");
        try {
            tokenKey = new ECKeyGenerator(Curve.P_256).keyID("signing").generate();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
        write("keys.json", new JWKSet(tokenKey.toPublicJWK()).toString());
        write("users.pw", passwordLine());
        write("policies/10-matrix.yaml", POLICY);
        Path configuration = write("gatehouse.yaml", """
                version: 1
                data: data
                listeners:
                  apps:
                    port: %d
                    bind: 127.0.0.1
                    tls: {certificate: %s, key: %s}
                    login: {any: [jwt, password]}
                  web:
                    port: %d
                    bind: 127.0.0.1
                    tls: {certificate: %2$s, key: %3$s}
                    websocket: {path: /mqtt, origins: ["%s"]}
                    login: {any: [jwt, password]}
                password_login: {file: users.pw}
                jwt_login:
                  issuers:
                    - {iss: "%s", jwks: keys.json, aud: mqtt, algs: [ES256]}
                policy: {folder: policies}
                storage: memory
                """.formatted(
                        tlsPort, server.certificate(), server.key(), webPort, origin(), ISSUER));
        broker = BrokerUnderTest.start(folder, List.of(tlsPort, webPort), "run", "-c", configuration.toString());
    }

    /** The one origin that the door for WebSocket lets in. */
    String origin() {
        return "http://localhost:" + pagePort;
    }

    /** What trusts the broker's certificate. */
    TrustManagerFactory trust() {
        try (InputStream in = Files.newInputStream(authority.file())) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null);
            store.setCertificateEntry(
                    "house", CertificateFactory.getInstance("X.509").generateCertificate(in));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            return trust;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A token for {@link #USER}, good for a while. */
    String token() {
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("signing").build(),
                new JWTClaimsSet.Builder()
                        .issuer(ISSUER)
                        .audience("mqtt")
                        .subject(USER)
                        .issueTime(new Date())
                        .expirationTime(Date.from(Instant.now().plus(Duration.ofMinutes(10))))
                        .build());
        try {
            token.sign(new ECDSASigner(tokenKey));
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
        return token.serialize();
    }

    /** Everything the broker has printed. */
    String brokerOutput() {
        return broker.output();
    }

    private static String passwordLine() {
        byte[] salt = new byte[12];
        new SecureRandom().nextBytes(salt);
        try {
            byte[] hash = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512")
                    .generateSecret(new PBEKeySpec(PASSWORD.toCharArray(), salt, 101, 512))
                    .getEncoded();
            Base64.Encoder base64 = Base64.getEncoder();
            return USER + ":$7$101$" + base64.encodeToString(salt) + "$" + base64.encodeToString(hash) + "\n";
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private Path write(String name, String content) {
        try {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, content);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        broker.close();
    }
}
