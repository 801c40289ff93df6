package io.gatehouse.interop;

import static io.gatehouse.interop.InteropHouse.received;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.interop.InteropHouse.Login;
import io.gatehouse.interop.Running.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a user of Mosquitto does first, done with Mosquitto's own programs.
 *
 * <p>A test that proves that something does not arrive sends something allowed after it, and looks at what came first.
 */
class MosquittoInteropTest {
    private static final String TEMPERATURE = "home/greenhouse/temperature";

    private static InteropHouse house;

    @BeforeAll
    static void build() {
        house = new InteropHouse();
    }

    @AfterAll
    static void clear() {
        if (house != null) {
            house.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqttv31", "mqttv311", "mqttv5"})
    void publish_withClientCertificates_reachesTheSubscriber(String version) {
        try (Running phone = house.listen(house.device("phone"), "home/#", "-V", version)) {
            Outcome outcome = house.publish(house.device("greenhouse"), TEMPERATURE, "-m", "22.5", "-V", version);

            assertThat(outcome.exit()).as(outcome.err()).isZero();
            awaitMessages(phone, TEMPERATURE + "|0|0|22.5");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tlsv1.2", "tlsv1.3"})
    void publish_withThisTlsVersion_isAccepted(String version) {
        try (Running phone = house.listen(house.device("phone"), "home/#", "--tls-version", version)) {
            house.publish(house.device("greenhouse"), TEMPERATURE, "-m", "21", "--tls-version", version);

            awaitMessages(phone, TEMPERATURE + "|0|0|21");
        }
    }

    static Stream<Arguments> refusedCertificates() {
        TestAuthority stranger = new TestAuthority(house.newFolder(), "stranger");
        return Stream.of(
                Arguments.of("no certificate", house.nothing()),
                Arguments.of("another authority's", house.certificate(stranger.client("greenhouse"))),
                Arguments.of("expired", house.certificate(house.authority.expiredClient("greenhouse"))),
                Arguments.of(
                        "for servers only", house.certificate(house.authority.clientForServersOnly("greenhouse"))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refusedCertificates")
    void publish_withRefusedCertificate_failsAndIsNotDelivered(String what, Login login) {
        try (Running phone = house.listen(house.device("phone"), "home/#")) {
            Outcome outcome = house.publish(login, TEMPERATURE, "-m", "refused", "-q", "1");

            assertThat(outcome.exit()).as(outcome.out() + outcome.err()).isNotZero();
            house.publish(house.device("greenhouse"), TEMPERATURE, "-m", "after");
            awaitMessages(phone, TEMPERATURE + "|0|0|after");
        }
    }

    @Test
    void publish_withoutTls_failsOnEveryPort() {
        assertThat(house.publishInPlainText(house.devicePort, TEMPERATURE, "plain")
                        .exit())
                .isNotZero();
        assertThat(house.publishInPlainText(house.appPort, TEMPERATURE, "plain").exit())
                .isNotZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqttv31", "mqttv311", "mqttv5"})
    void subscribe_withPassword_receives(String version) {
        try (Running reader = house.listen(house.reader(), "home/#", "-V", version)) {
            house.publish(house.device("greenhouse"), TEMPERATURE, "-m", "20");

            awaitMessages(reader, TEMPERATURE + "|0|0|20");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "mqttv31,  Connection Refused: bad user name or password.",
        "mqttv311, Connection Refused: bad user name or password.",
        "mqttv5,   Bad User Name or Password"
    })
    void subscribe_withWrongPasswordOrUnknownUser_isRefusedAlike(String version, String words) {
        Outcome wrongPassword = house.subscribe(house.password("reader", "brown leaves"), "home/#", "-V", version);
        Outcome unknownUser = house.subscribe(house.password("nobody", "green leaves"), "home/#", "-V", version);

        assertThat(wrongPassword.exit()).isNotZero();
        assertThat(wrongPassword.out() + wrongPassword.err()).contains(words);
        assertThat(unknownUser).isEqualTo(wrongPassword);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqttv311", "mqttv5"})
    void subscribe_withToken_receives(String version) {
        Login service = house.token("service", Duration.ofMinutes(5));
        try (Running listener = house.listen(service, "home/#", "-V", version)) {
            house.publish(house.device("greenhouse"), TEMPERATURE, "-m", "19");

            awaitMessages(listener, TEMPERATURE + "|0|0|19");
        }
    }

    @ParameterizedTest
    @CsvSource({"mqttv311, Connection Refused: bad user name or password.", "mqttv5,   Bad User Name or Password"})
    void subscribe_withExpiredOrUnsignedToken_isRefused(String version, String words) {
        for (Login login : List.of(house.token("service", Duration.ofMinutes(-5)), house.unsignedToken("service"))) {
            Outcome outcome = house.subscribe(login, "home/#", "-V", version);

            assertThat(outcome.exit()).isNotZero();
            assertThat(outcome.out() + outcome.err()).contains(words);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqttv31", "mqttv311", "mqttv5"})
    void publish_toRefusedTopic_isNotDelivered(String version) {
        try (Running phone = house.listen(house.device("phone"), "home/#")) {
            Login greenhouse = house.device("greenhouse");
            Outcome refused =
                    house.publish(greenhouse, "home/kitchen/temperature", "-m", "99", "-q", "1", "-V", version);
            house.publish(greenhouse, TEMPERATURE, "-m", "after", "-V", version);

            if (version.equals("mqttv5")) {
                assertThat(refused.out() + refused.err()).contains("Not authorized");
            }
            awaitMessages(phone, TEMPERATURE + "|0|0|after");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqttv311", "mqttv5"})
    void subscribe_toRefusedFilter_isToldSo(String version) {
        Outcome outcome = house.subscribe(house.device("greenhouse"), "home/#", "-V", version, "-W", "10");

        assertThat(outcome.out() + outcome.err()).contains("All subscription requests were denied");
    }

    @Test
    void subscribe_toWildcardOverDeny_receivesAllButTheDenied() {
        Login greenhouse = house.device("greenhouse");
        try (Running phone = house.listen(house.device("phone"), "home/#");
                Running guard = house.listen(house.device("guard"), "home/alarm/#")) {
            house.publish(greenhouse, "home/alarm/siren", "-m", "on", "-q", "1");
            house.publish(greenhouse, TEMPERATURE, "-m", "22", "-q", "1");

            awaitMessages(guard, "home/alarm/siren|0|0|on");
            awaitMessages(phone, TEMPERATURE + "|0|0|22");
        }
    }

    @Test
    void subscribe_toWildcardOverDeny_isNotReplayedTheDeniedRetained() {
        Login greenhouse = house.device("greenhouse");
        house.publish(greenhouse, "home/alarm/siren", "-m", "on", "-r", "-q", "1");
        house.publish(greenhouse, TEMPERATURE, "-m", "23", "-r", "-q", "1");
        try (Running phone = house.listen(house.device("phone"), "home/#");
                Running guard = house.listen(house.device("guard"), "home/alarm/#")) {
            awaitMessages(guard, "home/alarm/siren|0|1|on");
            awaitMessages(phone, TEMPERATURE + "|0|1|23");
        } finally {
            house.publish(greenhouse, "home/alarm/siren", "-n", "-r", "-q", "1");
            house.publish(greenhouse, TEMPERATURE, "-n", "-r", "-q", "1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqttv31", "mqttv311", "mqttv5"})
    void retained_isReplayedUntilItIsCleared(String version) {
        Login greenhouse = house.device("greenhouse");
        house.publish(greenhouse, "state/greenhouse", "-m", "open", "-r", "-q", "1", "-V", version);
        Outcome replayed = house.subscribe(house.reader(), "state/#", "-C", "1", "-W", "10", "-V", version);
        house.publish(greenhouse, "state/greenhouse", "-n", "-r", "-q", "1", "-V", version);

        assertThat(replayed.lines()).containsExactly("state/greenhouse|0|1|open");
        try (Running reader = house.listen(house.reader(), "state/#", "-V", version)) {
            house.publish(greenhouse, "state/greenhouse", "-m", "after", "-V", version);
            awaitMessages(reader, "state/greenhouse|0|0|after");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqttv31", "mqttv311", "mqttv5"})
    void will_isPublishedWhenTheClientDies_andNotWhenItLeaves(String version) {
        Login greenhouse = house.device("greenhouse");
        String[] will = {"-V", version, "--will-topic", "state/greenhouse", "--will-payload", "lost", "--will-qos", "1"
        };
        try (Running reader = house.listen(house.reader(), "state/#", "-q", "1");
                Running victim = house.listen(greenhouse, "ask/greenhouse", will)) {
            List<String> visit = new ArrayList<>(List.of(will));
            visit.addAll(List.of("-m", "left", "-q", "1"));
            house.publish(greenhouse, "state/greenhouse", visit.toArray(String[]::new));
            house.publish(greenhouse, "state/greenhouse", "-m", "after", "-q", "1");
            victim.kill();

            awaitMessages(
                    reader, "state/greenhouse|1|0|left", "state/greenhouse|1|0|after", "state/greenhouse|1|0|lost");
        }
    }

    @Test
    void will_ofClientThatAsksForIt_isPublishedAtItsGoodbye() {
        try (Running reader = house.listen(house.reader(), "state/#");
                // mosquitto_sub says goodbye to SIGTERM with "disconnect with will message" where it has a will
                Running leaver = house.listen(
                        house.device("greenhouse"),
                        "ask/greenhouse",
                        "-V",
                        "mqttv5",
                        "--will-topic",
                        "state/greenhouse",
                        "--will-payload",
                        "gone")) {
            leaver.stop();

            awaitMessages(reader, "state/greenhouse|0|0|gone");
        }
    }

    static Stream<Arguments> qualities() {
        return Stream.of("mqttv31", "mqttv311", "mqttv5")
                .flatMap(version -> IntStream.rangeClosed(0, 2).mapToObj(qos -> Arguments.of(version, qos)));
    }

    @ParameterizedTest(name = "{0} QoS {1}")
    @MethodSource("qualities")
    void publish_atEachQos_arrivesOnceAtThatQosInOrder(String version, int qos) {
        String level = Integer.toString(qos);
        try (Running reader = house.listen(house.reader(), "home/#", "-q", level, "-V", version)) {
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                String payload = "m" + i;
                house.publish(house.device("greenhouse"), TEMPERATURE, "-m", payload, "-q", level, "-V", version);
                expected.add(TEMPERATURE + "|" + qos + "|0|" + payload);
            }

            awaitMessages(reader, expected.toArray(String[]::new));
        }
    }

    @Test
    void subscribe_atLowerQos_receivesAtTheLower() {
        try (Running reader = house.listen(house.reader(), "home/#", "-q", "1")) {
            house.publish(house.device("greenhouse"), TEMPERATURE, "-m", "17", "-q", "2");

            awaitMessages(reader, TEMPERATURE + "|1|0|17");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqttv311", "mqttv5"})
    void session_thatIsKept_receivesWhatItMissed(String version) {
        String[] kept = {"-i", "kept-" + version, "-c", "-q", "1", "-V", version};
        try (Running first = house.listen(house.reader(), "home/#", kept)) {
            first.stop();
        }
        house.publish(house.device("greenhouse"), TEMPERATURE, "-m", "missed", "-q", "1");

        try (Running second = house.listen(house.reader(), "home/#", kept)) {
            awaitMessages(second, TEMPERATURE + "|1|0|missed");
        }
    }

    @Test
    void sharedSubscription_withTwoMembers_deliversEachMessageToOne() {
        try (Running one = house.listen(house.reader(), "$share/workers/jobs/#", "-q", "1");
                Running two = house.listen(house.device("phone"), "$share/workers/jobs/#", "-q", "1")) {
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                house.publish(house.device("greenhouse"), "jobs/press", "-m", "job" + i, "-q", "1");
                expected.add("jobs/press|1|0|job" + i);
            }

            await("every job once")
                    .untilAsserted(() -> assertThat(Stream.concat(received(one).stream(), received(two).stream()))
                            .containsExactlyInAnyOrderElementsOf(expected));
            assertThat(received(one)).isNotEmpty();
            assertThat(received(two)).isNotEmpty();
        }
    }

    @Test
    void sharedSubscription_inGroupThatIsNotAllowed_isRefused() {
        Outcome outcome = house.subscribe(house.reader(), "$share/strangers/jobs/#", "-V", "mqttv5", "-W", "10");

        assertThat(outcome.out() + outcome.err()).contains("All subscription requests were denied");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqttv311", "mqttv5"})
    void request_isAnsweredOnItsResponseTopic(String version) {
        Login greenhouse = house.device("greenhouse");
        String answerTopic = "reply/greenhouse/" + version;
        try (Running device = house.listen(greenhouse, "ask/greenhouse", "-V", version);
                Running asker = house.ask(
                        house.reader(), "ask/greenhouse", answerTopic, "-m", "open?", "-V", version, "-W", "20")) {
            awaitMessages(device, "ask/greenhouse|0|0|open?");
            house.publish(greenhouse, answerTopic, "-m", "yes", "-V", version);

            Outcome answered = asker.outcome();
            assertThat(answered.exit()).as(answered.err()).isZero();
            assertThat(answered.out()).isEqualTo("yes\n");
        }
    }

    @Test
    void request_carriesItsResponseTopicAndCorrelation() {
        try (Running device = house.listen(
                        house.device("greenhouse"), "ask/greenhouse", "-V", "mqttv5", "-F", "%t|%R|%D|%p");
                Running asker = house.ask(
                        house.reader(),
                        "ask/greenhouse",
                        "reply/greenhouse/x",
                        "-m",
                        "open?",
                        "-D",
                        "publish",
                        "correlation-data",
                        "42",
                        "-W",
                        "20")) {
            awaitMessages(device, "ask/greenhouse|reply/greenhouse/x|42|open?");
        }
    }

    @Test
    void connect_withAnothersClientId_isRefusedAndChangesNothing() {
        try (Running owner = house.listen(house.reader(), "home/#", "-i", "living-room", "-V", "mqttv5")) {
            Outcome thief =
                    house.subscribe(house.device("phone"), "home/#", "-i", "living-room", "-V", "mqttv5", "-W", "10");

            assertThat(thief.out() + thief.err()).contains("Client Identifier not valid");
            house.publish(house.device("greenhouse"), TEMPERATURE, "-m", "still here");
            awaitMessages(owner, TEMPERATURE + "|0|0|still here");
        }
    }

    private static void awaitMessages(Running listener, String... expected) {
        await("messages")
                .atMost(Duration.ofSeconds(15))
                .untilAsserted(() -> assertThat(received(listener)).containsExactly(expected));
    }
}
