package io.gatehouse.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import io.gatehouse.authn.FakeKeyServer;
import io.gatehouse.authn.JwtAlgorithm;
import io.gatehouse.authn.SigningKey;
import io.gatehouse.json.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An identity provider's key-set server that stalls, lies, rotates its keys or disappears, seen from the broker's socket:
 * it never opens the door, and never makes anybody else wait.
 */
class KeyServerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String HONEST = "https://honest.example";
    private static final int UNAVAILABLE = 0x88;
    private static final int BAD_CREDENTIALS = 0x86;

    private static final String POLICY = """
            version: 1
            roles:
              all: {publish: ["t/#"], subscribe: ["t/#"]}
            assign:
              - {to: {auth: password}, roles: [all]}
              - {to: {auth: jwt}, roles: [all]}
            """;

    @TempDir
    Path folder;

    private final SigningKey key = SigningKey.generate(JwtAlgorithm.EDDSA);
    private final List<Mqtt> others = new ArrayList<>();
    private FakeKeyServer server;
    private LiveBroker broker;

    @BeforeEach
    void startServer() throws Exception {
        server = new FakeKeyServer("127.0.0.1");
        server.writeCertificate(folder.resolve("idp.pem"));
        server.serve(key);
    }

    @AfterEach
    void stop() {
        others.forEach(Mqtt::close);
        if (broker != null) {
            broker.close();
        }
        server.close();
    }

    private String issuer(String name, String path) {
        return "issuer: {iss: \"" + name + "\", jwks: \"" + server.address().resolve(path)
                + "\", jwks_ca: idp.pem, aud: mqtt, algs: [EdDSA, RS256], revoke_on_key_removal: true}";
    }

    private String token(SigningKey signing, String issuer, String user) {
        Instant now = broker.clock().instant();
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("iss", issuer);
        claims.put("sub", user);
        claims.put("aud", "mqtt");
        claims.put("iat", now.getEpochSecond());
        claims.put("exp", now.plusSeconds(3600).getEpochSecond());
        claims.put("jti", System.nanoTime());
        return signing.sign(claims);
    }

    private Mqtt.Options holder(SigningKey signing, String issuer, String clientId) {
        return broker.as("", clientId).password(token(signing, issuer, "tom"));
    }

    @Test
    void server_thatStalls_makesNobodyElseWait() {
        server.behaviour = server::stall;
        broker = new LiveBroker(folder, POLICY, issuer(HONEST, "/keys"));
        int port = Objects.requireNonNull(broker.broker().ports().get("one"));
        Mqtt subscriber = broker.connect("bob", "subscriber");
        subscriber.subscribe("t/#", 0);
        Mqtt publisher = broker.connect("ann", "publisher");
        int connections = 4 * Runtime.getRuntime().availableProcessors(); // several on every event loop
        ExecutorService threads = Executors.newFixedThreadPool(connections);
        try {
            boolean overlapped = false;
            for (int round = 1; round <= 5 && !overlapped; round++) {
                broker.setTime(Instant.now().plus(Duration.ofMinutes(10L * round))); // no back-off stands in the way
                int before = round == 1 ? 0 : server.requests();
                List<CompletableFuture<Mqtt>> stalled = new ArrayList<>();
                for (int i = 0; i < connections; i++) {
                    Mqtt.Options options = holder(key, HONEST, "stalled-" + i);
                    stalled.add(CompletableFuture.supplyAsync(() -> Mqtt.connect(port, options), threads));
                }
                await().atMost(PATIENCE).until(() -> server.requests() > before);

                for (int i = 0; i < connections; i++) {
                    assertThat(broker.connect("cat", "password-" + i).connack).isZero();
                    String other = broker.token("dan", Duration.ofMinutes(5), Map.of("n", round * 1000 + i));
                    assertThat(broker.connect(broker.as("", "file-" + i).password(other)).connack)
                            .isZero();
                    assertThat(publisher.publish("t/" + round, "x", 1)).isZero();
                }
                assertThat(subscriber.heard()).hasSize(connections);

                overlapped = stalled.stream().noneMatch(CompletableFuture::isDone);
                stalled.forEach(one -> others.add(one.join()));
                assertThat(others).allMatch(client -> client.connack == UNAVAILABLE);
            }
            // on a machine under load the deadline of the fetch may come first, but not every time
            assertThat(overlapped)
                    .as("others log in and publish while logins wait for the keys")
                    .isTrue();
        } finally {
            threads.shutdownNow();
        }
        server.behaviour = exchange -> server.answer(exchange, 200, "application/json", key.publicSet());
        broker.setTime(Instant.now().plus(Duration.ofHours(2)));
        assertThat(broker.connect(holder(key, HONEST, "well-again")).connack).isZero();
    }

    /** A lie a path; its issuer has the path for a name. */
    private Map<String, FakeKeyServer.Behaviour> lies() throws Exception {
        String good = key.publicSet();
        Map<String, FakeKeyServer.Behaviour> lies = new LinkedHashMap<>();
        lies.put("another-type", exchange -> server.answer(exchange, 200, "text/html", good));
        lies.put("another-status", exchange -> server.answer(exchange, 503, "application/json", good));
        lies.put(
                "a-huge-body",
                exchange -> server.answer(exchange, 200, "application/json", good + " ".repeat(300 * 1024)));
        lies.put("a-body-without-end", server::trickle);
        lies.put("no-json", exchange -> server.answer(exchange, 200, "application/json", "<keys/>"));
        lies.put("a-redirect", exchange -> {
            exchange.getResponseHeaders().set("Location", server.address().toString());
            server.answer(exchange, 302, "application/json", good);
        });
        Map<String, Object> secret =
                new RSAKeyGenerator(2048).keyID("r").generate().toJSONObject();
        lies.put("a-private-key", exchange -> server.answer(exchange, 200, "application/json", set(secret)));
        Map<String, Object> weak = new RSAKeyGenerator(1024, true)
                .keyID("r")
                .generate()
                .toPublicJWK()
                .toJSONObject();
        lies.put("a-weak-key", exchange -> server.answer(exchange, 200, "application/json", set(weak)));
        lies.put("a-broken-connection", exchange -> exchange.close());
        return lies;
    }

    private static String set(Object... keys) {
        return Json.line(Map.of("keys", List.of(keys)));
    }

    @Test
    void server_thatLies_opensNoDoor_inEitherVersion_andIsRecorded() throws Exception {
        Map<String, FakeKeyServer.Behaviour> behaviours = new HashMap<>();
        lies().forEach((lie, behaviour) -> behaviours.put("/" + lie, behaviour));
        Map<String, Object> mine = first(key.publicSet());
        Map<String, Object> twin = first(SigningKey.generate(JwtAlgorithm.EDDSA).publicSet());
        twin.put("kid", mine.get("kid"));
        behaviours.put(
                "/two-of-one-name", exchange -> server.answer(exchange, 200, "application/json", set(mine, twin)));
        behaviours.put("/keys", exchange -> server.answer(exchange, 200, "application/json", key.publicSet()));
        server.behaviour = exchange -> Objects.requireNonNull(
                        behaviours.get(exchange.getRequestURI().getPath()))
                .handle(exchange);
        broker = new LiveBroker(
                folder,
                POLICY,
                behaviours.keySet().stream()
                        .map(path -> issuer("https://id.example" + path, path))
                        .toArray(String[]::new));

        for (String path : behaviours.keySet()) {
            String issuer = "https://id.example" + path;
            int expected = path.equals("/keys") ? 0 : path.equals("/two-of-one-name") ? BAD_CREDENTIALS : UNAVAILABLE;
            int before = refusals().size();
            for (int level : new int[] {5, 4}) {
                Mqtt client = broker.connect(holder(key, issuer, "liar").level(level));
                assertThat(client.connack)
                        .as("%s, level %d", path, level)
                        .isEqualTo(level == 5 || expected == 0 ? expected : expected == UNAVAILABLE ? 3 : 4);
                client.close();
            }
            if (expected == 0) {
                continue;
            }
            await().atMost(PATIENCE).until(() -> refusals().size() == before + 2);
            assertThat(refusals().subList(before, before + 2)).allSatisfy(event -> {
                assertThat(event).containsEntry("reason", expected);
                assertThat(String.valueOf(event.get("detail")))
                        .contains(
                                expected == UNAVAILABLE ? "the issuer's keys are not known" : "its kid is not unique");
            });
        }
    }

    private static Map<String, Object> first(String set) throws Json.NotJson {
        Map<String, Object> key = new LinkedHashMap<>();
        ((Map<?, ?>) ((List<?>) Objects.requireNonNull(Json.object(set).get("keys"))).get(0))
                .forEach((name, value) -> key.put(String.valueOf(name), value));
        return key;
    }

    private List<Map<String, Object>> refusals() {
        return broker.audit("login").stream()
                .filter(event -> "refused".equals(event.get("outcome")))
                .toList();
    }

    @Test
    void server_thatRotatesItsKeys_endsWhatTheOldOneOpened_andThenDisappears() throws Exception {
        broker = new LiveBroker(folder, POLICY, issuer(HONEST, "/keys"));
        Mqtt.Options before = holder(key, HONEST, "before");
        Mqtt old = broker.connect(before);
        assertThat(old.connack).isZero();
        Mqtt password = broker.connect("ann", "password");

        SigningKey next = SigningKey.generate(JwtAlgorithm.EDDSA);
        server.serve(next);
        Mqtt fresh = broker.connect(holder(next, HONEST, "fresh"));

        assertThat(fresh.connack).isZero();
        await().atMost(PATIENCE).until(old::isGone);
        assertThat(old.disconnectReason()).isEqualTo(0x87);
        assertThat(broker.connect(before).connack)
                .as("remembered, and no longer good")
                .isEqualTo(BAD_CREDENTIALS);
        assertThat(broker.audit("ended"))
                .anySatisfy(event ->
                        assertThat(event).containsEntry("client", "before").containsEntry("cause", "revoked"));
        assertThat(fresh.sync()).isTrue();
        assertThat(password.sync()).isTrue();

        server.close();
        broker.setTime(Instant.now().plus(Duration.ofHours(23)));
        assertThat(broker.connect(holder(next, HONEST, "later")).connack).isZero();
        assertThat(broker.connect(holder(key, HONEST, "stranger")).connack).isEqualTo(BAD_CREDENTIALS);
        broker.setTime(Instant.now().plus(Duration.ofHours(25)));
        assertThat(broker.connect(holder(next, HONEST, "too-late")).connack).isEqualTo(UNAVAILABLE);
        assertThat(broker.connect("cat", "password-still").connack).isZero();
    }

    /** The keys are looked at again without a login that would ask for it. */
    @Test
    void server_thatTakesItsKeyBack_endsWhatItOpened_whenItIsTimeToLookAgain() throws Exception {
        server.cacheControl = "max-age=300";
        broker = new LiveBroker(folder, POLICY, issuer(HONEST, "/keys"));
        Mqtt old = broker.connect(holder(key, HONEST, "old"));
        assertThat(old.connack).isZero();
        server.serve(SigningKey.generate(JwtAlgorithm.EDDSA));

        broker.setTime(Instant.now().plus(Duration.ofMinutes(5)));

        await().atMost(PATIENCE).until(old::isGone);
        assertThat(old.disconnectReason()).isEqualTo(0x87);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.audit("broker"))
                        .anySatisfy(event -> assertThat(event)
                                .containsEntry("what", "keys_changed")
                                .containsEntry("ended", 1)));
    }
}
