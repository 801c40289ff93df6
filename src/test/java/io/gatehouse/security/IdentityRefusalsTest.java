package io.gatehouse.security;

import static io.gatehouse.security.Raw.V311;
import static io.gatehouse.security.Raw.V5;
import static io.gatehouse.security.Raw.raw;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import io.gatehouse.Broker;
import io.gatehouse.CannotStart;
import io.gatehouse.authn.JwtAlgorithm;
import io.gatehouse.authn.SigningKey;
import io.gatehouse.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500Name;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * Every way to be kept out, or put out, for who one is: what the client is told in both versions, and what the record says.
 * The tables of the page are these.
 */
class IdentityRefusalsTest {
    private static final Path PAGE = Path.of("docs/identity.md");
    private static final String ISSUER = "https://id.example.com";
    private static final String UNREACHABLE = "https://unreachable.example";
    private static final SigningKey KEY = SigningKey.generate(JwtAlgorithm.EDDSA);
    private static final Forge ROOT = Forge.root("Refusals");
    private static final Forge.Holder ANN = ROOT.leaf("ann").make();
    private static final Forge.Holder NAMELESS =
            ROOT.leaf("x").subject(new X500Name("O=Acme")).make();
    private static final String MQTT_5_ONLY = "-";

    private static Path folder;
    private static Broker broker;
    private static int number;
    private static final MovedClock clock = new MovedClock();
    private final List<RawClient> clients = new ArrayList<>();

    @BeforeAll
    static void start(@TempDir Path own) throws CannotStart {
        folder = own;
        LiveBroker.write(own, """
                version: 1
                roles:
                  member: {publish: ["a/#"], subscribe: ["a/#"]}
                  single: {publish: ["a/#"], limits: {connections: 1}}
                  guest: {publish: [a/guest]}
                  bound: {publish: ["a/#"], client_id: ["<user>:*"]}
                users: {ann: [member], bob: [single], carl: [bound], reader: [member], guard: [member]}
                assign:
                  - {to: {auth: anonymous, listener: lobby}, roles: [guest]}
                """);
        Forge.write(own.resolve("ca.pem"), Forge.pem(ROOT.certificate));
        Forge.write(own.resolve("server.pem"), own.resolve("server.key"), ROOT.server());
        LiveBroker.file(own, "keys.json", KEY.publicSet());
        StringBuilder listeners = new StringBuilder("version: 1\ndata: data\nlisteners:\n");
        Map<String, String> logins = new LinkedHashMap<>();
        logins.put("apps", "{any: [jwt, password]}");
        logins.put("devices", "certificate");
        logins.put("both", "{all: [certificate, password], same_user: true}");
        logins.put("anyone", "none");
        logins.put("lobby", "none");
        logins.forEach(
                (name, login) -> listeners.append("""
                  %s:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem, client_certificate: requested}
                    login: %s
                """.formatted(name, login).indent(2)));
        Path file = LiveBroker.file(own, "gatehouse.yaml", listeners + """
                certificate_login: {user: cert.cn}
                password_login: {file: users.pw}
                jwt_login:
                  issuers:
                    - {iss: "%s", jwks: keys.json, aud: mqtt, algs: [EdDSA]}
                    - {iss: "%s", jwks: "https://127.0.0.1:1/keys", aud: mqtt, algs: [EdDSA]}
                policy: {folder: policies}
                storage: memory
                audit: {file: audit.jsonl}
                sys: {interval: 0s}
                """.formatted(ISSUER, UNREACHABLE));
        broker = Broker.start(LiveBroker.read(file).configuration().orElseThrow(), clock);
    }

    /** The time of day, and what a test has let pass besides. */
    private static final class MovedClock extends Clock {
        private volatile Duration passed = Duration.ZERO;

        void pass(Duration time) {
            passed = passed.plus(time);
        }

        @Override
        public Instant instant() {
            return Instant.now().plus(passed);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @AfterEach
    void hangUp() {
        clients.forEach(RawClient::close);
    }

    // who is kept out

    /** How a client comes that is not let in. */
    private record Visit(
            String listener,
            Forge.@Nullable Holder holder,
            String address,
            String clientId,
            @Nullable String user,
            Supplier<@Nullable String> secret,
            @Nullable String method) {
        static Visit to(String listener) {
            return new Visit(listener, null, "127.0.0.1", "", null, () -> null, null);
        }

        Visit as(@Nullable String name, String password) {
            return new Visit(listener, holder, address, clientId, name, () -> password, method);
        }

        Visit token(String name, Supplier<@Nullable String> token) {
            return new Visit(listener, holder, address, clientId, name, token, method);
        }

        Visit showing(Forge.Holder certificate) {
            return new Visit(listener, certificate, address, clientId, user, secret, method);
        }

        Visit from(String source) {
            return new Visit(listener, holder, source, clientId, user, secret, method);
        }

        Visit called(String name) {
            return new Visit(listener, holder, address, name, user, secret, method);
        }

        Visit by(String enhanced) {
            return new Visit(listener, holder, address, clientId, user, secret, enhanced);
        }
    }

    /**
     * A row of the table.
     *
     * @param recorded the audit event's detail; an ellipsis stands for what differs
     * @param visit null: what takes more than a client to bring about is shown by the {@code tests}
     */
    private record Refusal(
            String because,
            int five,
            String three,
            String recorded,
            @Nullable Visit visit,
            List<String> tests) {
        @Override
        public String toString() {
            return because;
        }
    }

    private static Refusal row(String because, int five, String three, String recorded, Visit visit) {
        return new Refusal(because, five, three, recorded, visit, List.of());
    }

    private static Refusal elsewhere(String because, int five, String three, String recorded, String... tests) {
        return new Refusal(because, five, three, recorded, null, List.of(tests));
    }

    private static final String DOOR =
            "connection.DialogueTest#connect_refusedByAnAuthenticator_isToldItsCode_andRecorded";

    private static List<Refusal> refusals() {
        Visit apps = Visit.to("apps");
        Visit password = apps.as("ann", "green leaves");
        return List.of(
                row("a wrong password", 0x86, "4", "unknown user or wrong password", apps.as("ann", "wrong")),
                row("an unknown user", 0x86, "4", "unknown user or wrong password", apps.as("mallory", "wrong")),
                row(
                        "nothing that the listener takes",
                        0x86,
                        "4",
                        "nothing was presented that this listener takes",
                        apps),
                row("no certificate", 0x86, "4", "no certificate was presented", Visit.to("devices")),
                row(
                        "a certificate without the one name that is asked for",
                        0x86,
                        "4",
                        "the certificate yields no user name: …",
                        Visit.to("devices").showing(NAMELESS)),
                row(
                        "`all`, and two names",
                        0x86,
                        "4",
                        "the methods name different users: …",
                        Visit.to("both").showing(ANN).as("bob", "green leaves")),
                row(
                        "a token that a line of the list below refuses",
                        0x86,
                        "4",
                        "the token is refused: …: …",
                        apps.token("", () -> token(ISSUER, -60, Map.of()))),
                row(
                        "a user name beside the token that is not its own",
                        0x86,
                        "4",
                        "the user name '…' beside the token is not the token's '…'",
                        apps.token("bob", () -> token(ISSUER, 600, Map.of()))),
                row(
                        "a token that is bound to another certificate, or to one and there is none",
                        0x86,
                        "4",
                        "the token is bound to another certificate than the connection's",
                        apps.token("", () -> token(ISSUER, 600, Map.of("cnf", Map.of("x5t#S256", "AAAA"))))),
                elsewhere(
                        "a password or a token over plaintext from another machine",
                        0x87,
                        "5",
                        "passwords and tokens are not taken on an unencrypted connection from another machine",
                        "authn.AuthenticatorsTest#authenticate_secretsOnPlaintext_areRefusedOffLoopbackBeforeTheyAreLookedAt",
                        DOOR),
                row(
                        "no role; for who did not have to log in, none that `auth: anonymous` is given",
                        0x87,
                        "5",
                        "\"…\" has no role (no rule allows it)",
                        Visit.to("anyone")),
                row(
                        "the issuer's keys are not known, or were seen too long ago",
                        0x88,
                        "3",
                        "the token cannot be checked: the issuer's keys …",
                        apps.token("", () -> token(UNREACHABLE, 600, Map.of()))),
                elsewhere(
                        "a check that breaks",
                        0x88,
                        "3",
                        "an authenticator failed",
                        "connection.DialogueTest#connect_authenticatorFails_isRefusedAsUnavailable",
                        DOOR),
                elsewhere(
                        "more logins wait than there is room for",
                        0x89,
                        "3",
                        "too many logins wait for their turn",
                        "authn.PasswordAuthenticatorTest#authenticate_fullQueue_isServerBusy_andNoFailureOfTheUser",
                        "authn.JwtAuthenticatorTest#authenticate_isOffTheCallersThread_andAFullQueueIsServerBusy",
                        DOOR),
                row(
                        "an authentication method that is not taken here",
                        0x8C,
                        MQTT_5_ONLY,
                        "the authentication method '…' is not taken here",
                        apps.by("KERBEROS")),
                row(
                        "too many failures of this user or address",
                        0x9F,
                        "3",
                        "too many failed logins of this user or address; it has to wait",
                        password),
                row(
                        "the client identifier of another's session",
                        0x85,
                        "2",
                        "the client identifier is another principal's",
                        password.called("guards")),
                row(
                        "a client identifier that its role does not let it have",
                        0x85,
                        "2",
                        "client id \"…\" is not one that role \"…\" allows: …",
                        apps.as("carl", "green leaves").called("other")),
                row(
                        "more connections than the user may have",
                        0x97,
                        "3",
                        "more than … connections of one user",
                        apps.as("bob", "green leaves")));
    }

    static Stream<Arguments> visits() {
        return refusals().stream()
                .filter(refusal -> refusal.visit() != null)
                .flatMap(refusal -> Stream.of(V5, V311)
                        .filter(level -> level == V5 || !refusal.three().equals(MQTT_5_ONLY))
                        .map(level -> Arguments.of(refusal, level)));
    }

    @ParameterizedTest(name = "{0}, level {1}")
    @MethodSource("visits")
    void visit_ofWhoMayNotIn_isToldItsCode_closedAndRecorded(Refusal refusal, int level) throws IOException {
        Visit row = Objects.requireNonNull(refusal.visit());
        // an address of this machine of its own: what one has failed, the other has not
        Visit visit = refusal.five() == 0x9F ? row.from("127.0.0." + (70 + level)) : row;
        String clientId = visit.clientId().isEmpty() ? "visitor-" + ++number : visit.clientId();
        prepare(refusal, visit);
        int before = audit().size();
        RawClient client = client(visit, level).send(connect(visit, level, clientId));
        client.assertRefused(level == V5 ? refusal.five() : Integer.parseInt(refusal.three()));
        Map<String, Object> event = await().atMost(Duration.ofSeconds(30))
                .until(
                        () -> audit().stream()
                                .skip(before)
                                .filter(one -> one.get("event").equals("login")
                                        && one.get("outcome").equals("refused")
                                        && clientId.equals(one.get("client")))
                                .findFirst(),
                        java.util.Optional::isPresent)
                .orElseThrow();
        assertThat(event)
                .containsEntry("listener", visit.listener())
                .containsEntry("address", visit.address())
                .containsEntry("user", visit.user() == null ? "" : visit.user())
                .containsEntry("reason", refusal.five());
        String pattern =
                Stream.of(refusal.recorded().split("…", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        assertThat(String.valueOf(event.get("detail"))).matches(pattern);
        if (refusal.five() == 0x9F) {
            assertThat(broker.metricsText()).containsPattern("gatehouse_logins_throttled_total [1-9]");
        }
    }

    /** What has to be so before a visit is refused for it. */
    private void prepare(Refusal refusal, Visit visit) throws IOException {
        switch (refusal.five()) {
            case 0x9F -> guess(visit);
            case 0x97 -> in(visit, "first");
            case 0x85 -> in(Visit.to("apps").as("guard", "green leaves"), "guards");
            default -> {}
        }
    }

    /** Fails until it has to wait for so long that a busy machine does not matter: 16 seconds after nine failures. */
    private void guess(Visit visit) throws IOException {
        for (int failures = 0; failures < 9; ) {
            Visit wrong = visit.as("ann", "wrong");
            RawClient client = client(wrong, V5).send(connect(wrong, V5, "guess"));
            int code = client.read(2).u8(1);
            if (code == 0x86) {
                failures++;
            } else {
                assertThat(code).isEqualTo(0x9F);
                clock.pass(Duration.ofSeconds(20));
            }
        }
    }

    private RawClient in(Visit visit, String clientId) throws IOException {
        RawClient client = client(visit, V5).send(connect(visit, V5, clientId));
        client.connected();
        return client;
    }

    private RawClient client(Visit visit, int level) throws IOException {
        int port = Objects.requireNonNull(broker.ports().get(visit.listener()));
        RawClient client = new RawClient(
                TlsClient.connectFrom(visit.address(), visit.holder(), port).socket(), level);
        clients.add(client);
        return client;
    }

    private static byte[] connect(Visit visit, int level, String clientId) {
        String secret = visit.secret().get();
        int flags = 2 | (visit.user() == null ? 0 : 0x80) | (secret == null ? 0 : 0x40);
        Raw properties = visit.method() == null ? raw() : raw().u8(0x15).text(visit.method());
        return Raw.connect(level, flags, 60, properties, clientId, raw(), visit.user(), secret);
    }

    private static String token(String issuer, long seconds, Map<String, Object> more) {
        Instant now = clock.instant();
        Map<String, Object> claims = new LinkedHashMap<>(more);
        claims.put("iss", issuer);
        claims.put("sub", "ann");
        claims.put("aud", "mqtt");
        claims.put("iat", now.getEpochSecond() - 120);
        claims.put("exp", now.getEpochSecond() + seconds);
        return KEY.sign(claims);
    }

    private static List<Map<String, Object>> audit() {
        try {
            List<Map<String, Object>> events = new ArrayList<>();
            for (String line : Files.readAllLines(folder.resolve("audit.jsonl"))) {
                events.add(Json.object(line));
            }
            return events;
        } catch (IOException | Json.NotJson e) {
            throw new AssertionError(e);
        }
    }

    /** The same packet, whole: not only its code. */
    @ParameterizedTest
    @ValueSource(ints = {V5, V311, Raw.V31})
    void unknownUser_andWrongPassword_getTheSameBytes(int level) throws IOException {
        List<List<String>> answers = new ArrayList<>();
        for (String user : List.of("ann", "mallory", "", "+/#")) {
            Visit visit = Visit.to("apps").as(user, "wrong").from("127.0.0." + (80 + level));
            answers.add(client(visit, level).send(connect(visit, level, "same")).readToEnd().stream()
                    .map(RawClient.Frame::toString)
                    .toList());
        }
        assertThat(answers).allSatisfy(answer -> assertThat(answer).hasSize(1).isEqualTo(answers.get(0)));
    }

    @Test
    void anonymous_needsAWordOnTheListener_andOneInThePolicy() throws IOException {
        RawClient guest = in(Visit.to("lobby"), "guest");
        assertThat(guest.send(Raw.publish(V5, 1, 1, "a/guest", "x")).read(4).u8(2))
                .isIn(0, 0x10);
        assertThat(guest.send(Raw.publish(V5, 1, 2, "a/other", "x")).read(4).u8(2))
                .isEqualTo(0x87);
        // the word on the listener alone, and the word in the policy alone
        Visit anyone = Visit.to("anyone");
        client(anyone, V5).send(connect(anyone, V5, "nobody")).assertRefused(0x87);
        Visit apps = Visit.to("apps");
        client(apps, V5).send(connect(apps, V5, "nobody")).assertRefused(0x86);
    }

    /** Passwords, tokens and payloads: whatever comes of them, neither the log at its most talkative nor the record has them. */
    @Test
    void secrets_ofLoginsThatFailAndSucceed_areInNoLogNoRecordAndNoFigure() throws IOException {
        Logger logger = (Logger) LoggerFactory.getLogger("io.gatehouse");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Level before = logger.getLevel();
        logger.setLevel(Level.TRACE);
        logger.addAppender(log);
        List<String> secrets = new ArrayList<>(List.of("green leaves", "wr0ng-passw0rd", "payload-of-mine"));
        try {
            List<Visit> visits = new ArrayList<>(List.of(
                    Visit.to("apps").as("ann", "green leaves"), Visit.to("apps").as("ann", "wr0ng-passw0rd")));
            for (String token : List.of(
                    token(ISSUER, 600, Map.of("n", 1)),
                    token(ISSUER, -60, Map.of("n", 2)),
                    token(UNREACHABLE, 600, Map.of("n", 3)),
                    token("https://other.example", 600, Map.of("n", 4)))) {
                visits.add(Visit.to("apps").as("", token));
                secrets.addAll(List.of(token.split("\\.")).subList(1, 3));
            }
            int in = 0;
            for (Visit visit : visits) {
                Visit from = visit.from("127.0.0.90");
                RawClient client = client(from, V5).send(connect(from, V5, "secretive-" + ++number));
                if (client.read(2).u8(1) == 0) {
                    client.send(Raw.publish(V5, 1, 1, "b/forbidden", "payload-of-mine"))
                            .read(4);
                    in++;
                }
            }
            assertThat(in).isEqualTo(2);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> audit().stream()
                                    .filter(event ->
                                            String.valueOf(event.get("client")).startsWith("secretive")
                                                    && "login".equals(event.get("event")))
                                    .count()
                            == visits.size());
        } finally {
            logger.detachAppender(log);
            logger.setLevel(before);
        }
        List<String> lines = new ArrayList<>();
        for (ILoggingEvent event : List.copyOf(log.list)) {
            lines.add(event.getFormattedMessage() + ThrowableProxyUtil.asString(event.getThrowableProxy()));
        }
        assertThat(lines).anyMatch(line -> line.contains("refused"));
        String all = String.join("\n", lines) + Files.readString(folder.resolve("audit.jsonl")) + broker.metricsText();
        assertThat(secrets).hasSize(11).noneMatch(all::contains);
    }

    // who is put out

    /** A row of the other table: what ends a connection that was let in. */
    private record End(String because, String five, String cause, List<String> tests) {}

    private static End end(String because, String five, String cause, String... tests) {
        return new End(because, five, cause, List.of(tests));
    }

    private static List<End> ends() {
        return List.of(
                end(
                        "its token has ended",
                        "0xA0",
                        "expired",
                        "live.BehaviourRowsTest#b20_tokenThatEnds_endsTheConnection_andWhatWaitsStaysForTheNextLogin"),
                end(
                        "its certificate has ended",
                        "0x87",
                        "expired",
                        "RevocationListTest#certificate_endingWhileConnected_endsTheConnectionAndItsWillIsPublished"),
                end(
                        "its certificate is revoked",
                        "0x87",
                        "revoked",
                        "LiveRevocationTest#journal_revocation_endsTheConnectionAndWhatItDoesNotKnowIsRefused"),
                end(
                        "its user is gone, or has another password",
                        "0x87",
                        "revoked",
                        "IdentityRefusalsTest#userThatIsGone_orHasAnotherPassword_isDisconnectedAndRecorded"),
                end(
                        "the key of its token is gone",
                        "0x87",
                        "revoked",
                        "live.KeyServerTest#server_thatRotatesItsKeys_endsWhatTheOldOneOpened_andThenDisappears",
                        "IdentityRefusalsTest#keyThatIsGone_endsWhatItsTokensOpened"),
                end(
                        "its renewal fails",
                        "0x87",
                        "reauthentication",
                        "IdentityRefusalsTest#renewal_thatFails_isDisconnectedAndRecorded"),
                end(
                        "its renewal is by another method than its login",
                        "0x82",
                        "protocol_error",
                        "IdentityRefusalsTest#renewal_byAnotherMethod_isDisconnectedAndRecorded"),
                end(
                        "its owner has connected again with the same client identifier",
                        "0x8E",
                        "takeover",
                        "IdentityRefusalsTest#takeover_byItsOwner_isToldAndRecorded"));
    }

    @Test
    void userThatIsGone_orHasAnotherPassword_isDisconnectedAndRecorded() throws IOException {
        Path users = folder.resolve("users.pw");
        String all = Files.readString(users);
        RawClient stays = in(Visit.to("apps").as("ann", "green leaves"), "stays");
        String another = all.replace("reader:$7$101$", "reader:$7$102$");
        for (String changed : List.of(all.replaceAll("(?m)^reader:.*\n", ""), another)) {
            RawClient reader = in(Visit.to("apps").as("reader", "green leaves"), "reads-" + ++number);
            int before = audit().size();
            replace("users.pw", changed);
            broker.reload();
            reader.assertDisconnected(0x87);
            assertEnded(before, "reads-" + number, "revoked", 0x87);
            replace("users.pw", all);
            broker.reload();
        }
        stays.settle();
    }

    @Test
    void keyThatIsGone_endsWhatItsTokensOpened() throws IOException {
        RawClient holder = in(Visit.to("apps").token("", () -> token(ISSUER, 600, Map.of())), "keyed");
        RawClient stays = in(Visit.to("apps").as("ann", "green leaves"), "unkeyed");
        int before = audit().size();
        replace("keys.json", SigningKey.generate(JwtAlgorithm.EDDSA).publicSet());
        broker.reload();
        holder.assertDisconnected(0x87);
        assertEnded(before, "keyed", "revoked", 0x87);
        stays.settle();
        replace("keys.json", KEY.publicSet());
        broker.reload();
    }

    @Test
    void renewal_byAnotherMethod_isDisconnectedAndRecorded() throws IOException {
        RawClient client = client(Visit.to("apps"), V5);
        client.send(Raw.connect(V5, 2, 60, method(token(ISSUER, 600, Map.of())), "changes", raw(), null, null));
        client.connected();
        int before = audit().size();
        Raw scram = raw().u8(0x15).text("SCRAM-SHA-256").u8(0x16).binary(new byte[] {'n'});
        client.send(raw().u8(0x19).bytes(scram.asProperties().bytes()).packet(0xF0));
        client.assertDisconnected(0x82);
        assertEnded(before, "changes", "protocol_error", 0x82);
    }

    @Test
    void takeover_byItsOwner_isToldAndRecorded() throws IOException {
        Visit ann = Visit.to("apps").as("ann", "green leaves");
        RawClient first = in(ann, "twice");
        int before = audit().size();
        RawClient second = in(ann, "twice");
        first.assertDisconnected(0x8E);
        assertEnded(before, "twice", "takeover", 0x8E);
        second.settle();
    }

    /** A token that ended, one of somebody else, and nothing at all. */
    @Test
    void renewal_thatFails_isDisconnectedAndRecorded() throws IOException {
        Map<String, Object> bob = Map.of();
        for (String token : List.of(token(ISSUER, -60, bob), token(UNREACHABLE, 600, bob), "nothing.of.use")) {
            String clientId = "renews-" + ++number;
            RawClient client = client(Visit.to("apps"), V5);
            client.send(Raw.connect(V5, 2, 60, method(token(ISSUER, 600, Map.of())), clientId, raw(), null, null));
            client.connected();
            int before = audit().size();
            client.send(
                    raw().u8(0x19).bytes(method(token).asProperties().bytes()).packet(0xF0));
            client.assertDisconnected(0x87);
            assertEnded(before, clientId, "reauthentication", 0x87);
            assertLogin(before, clientId, Map.of("outcome", "refused", "method", "jwt", "jwt_sub", "ann"));
        }
    }

    /** What a login was proved by is in its record, and of one that was refused what its handshake was accepted with. */
    @Test
    void certificate_isInTheRecordOfItsLogin_andOfOneThatIsRefused() throws Exception {
        String fingerprint = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256")
                        .digest(ANN.certificate().getEncoded()));
        int before = audit().size();
        in(Visit.to("devices").showing(ANN), "shows").settle();
        in(Visit.to("both").showing(ANN).as("ann", "green leaves"), "shows-both")
                .settle();
        RawClient wrong = client(Visit.to("both").showing(ANN), V5);
        wrong.send(connect(Visit.to("both").showing(ANN).as("ann", "brown leaves"), V5, "shows-one"));
        wrong.assertRefused(0x86);

        assertLogin(before, "shows", Map.of("method", "certificate", "cert_sha256", fingerprint));
        assertLogin(before, "shows-both", Map.of("method", "certificate+password", "cert_sha256", fingerprint));
        assertLogin(before, "shows-one", Map.of("outcome", "refused", "cert_sha256", fingerprint));
    }

    private static void assertLogin(int before, String clientId, Map<String, Object> fields) {
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(audit().stream().skip(before))
                        .anySatisfy(event -> assertThat(event)
                                .containsEntry("event", "login")
                                .containsEntry("client", clientId)
                                .containsAllEntriesOf(fields)));
    }

    /** At once, for the broker looks at its files by itself too and must not see one that is half written. */
    private static void replace(String name, String content) throws IOException {
        Path fresh = LiveBroker.file(folder, "." + name + ".new", content);
        Files.move(fresh, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private static Raw method(String token) {
        return raw().u8(0x15).text("JWT").u8(0x16).binary(token.getBytes(StandardCharsets.US_ASCII));
    }

    private static void assertEnded(int before, String clientId, String cause, int reason) {
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(audit().stream().skip(before))
                        .anySatisfy(event -> assertThat(event)
                                .containsEntry("event", "ended")
                                .containsEntry("client", clientId)
                                .containsEntry("cause", cause)
                                .containsEntry("reason", reason)));
    }

    // the page

    @Test
    void tests_thatShowWhatIsNotShownHere_exist_andRun() {
        refusals().forEach(row -> row.tests().forEach(test -> NamedTests.assertRuns(row.because(), test)));
        ends().forEach(row -> row.tests().forEach(test -> NamedTests.assertRuns(row.because(), test)));
        assertThat(refusals())
                .allMatch(row -> row.visit() != null || row.tests().size() > 1);
        assertThat(ends()).noneMatch(row -> row.tests().isEmpty());
    }

    @Test
    void page_showsTheRefusals() throws IOException {
        StringBuilder text = new StringBuilder(
                "\n| refused because of | MQTT 5 | MQTT 3 | the record, `login` with `refused` |\n|---|---|---|---|\n");
        for (Refusal row : refusals()) {
            text.append(
                    "| %s | 0x%02X | %s | %s |%n".formatted(row.because(), row.five(), row.three(), row.recorded()));
        }
        text.append("\n| put out because | MQTT 5 | the record, `ended` with the cause |\n|---|---|---|\n");
        for (End row : ends()) {
            text.append("| %s | %s | `%s` |%n".formatted(row.because(), row.five(), row.cause()));
        }
        NamedTests.assertShown(
                PAGE,
                "<!-- the refusals: written by IdentityRefusalsTest -->\n",
                "<!-- the end of the refusals -->\n",
                text.append('\n').toString(),
                "refusals.write");
    }
}
