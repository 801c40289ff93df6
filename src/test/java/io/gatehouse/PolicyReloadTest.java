package io.gatehouse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.authn.TestPrincipals;
import io.gatehouse.config.ConfigurationReader;
import io.gatehouse.connection.Sweep;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.policy.AuthorizedConnect;
import io.gatehouse.policy.AuthorizedPublish;
import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.routing.Router;
import io.gatehouse.routing.RouterLimits;
import io.gatehouse.session.SessionLimits;
import io.gatehouse.session.SessionRegistry;
import io.gatehouse.transport.EventLoops;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loads that fail change nothing, and swaps are whole. */
class PolicyReloadTest {
    private static final String GOOD = """
            version: 1
            vars:
              site: {from: jwt.site}
            roles:
              worker:
                publish: [a/+/b, "c/#", {topic: d/e, max_qos: 1, retain: false}, "s/<user>/#"]
                subscribe: ["a/#", {topic: "c/#", shared: [g]}]
                deny: {publish: [a/x/b], subscribe: [a/+/y]}
              guest:
                subscribe: [a/b]
            users: {ann: [worker], bob: [guest]}
            """;

    @TempDir
    Path folder;

    private final Metrics metrics = new Metrics();
    private final List<AuditEvent> audit = new ArrayList<>();
    private final EventLoops loops = new EventLoops(2);
    private PolicyReload reload;
    private Authorizer authorizer;
    private Router router;

    @BeforeEach
    void load() throws Exception {
        write("policies/10-main.yaml", GOOD);
        Files.writeString(folder.resolve("gatehouse.yaml"), """
                version: 1
                listeners:
                  x: {port: 0, insecure: {acknowledge: "nothing listens"}, login: none}
                """);
        reload = new PolicyReload(
                ConfigurationReader.read(folder.resolve("gatehouse.yaml"))
                        .configuration()
                        .orElseThrow(),
                metrics,
                audit::add,
                Clock.systemUTC());
        authorizer = new Authorizer(reload.first(), Clock.systemUTC());
        router = new Router(
                authorizer, new io.gatehouse.store.MemoryStore(), RouterLimits.DEFAULT, metrics, Clock.systemUTC());
        SessionRegistry registry = new SessionRegistry(
                SessionLimits.DEFAULT,
                new io.gatehouse.store.MemoryStore(),
                authorizer,
                (delay, task) -> () -> {},
                new io.gatehouse.connection.Wills(
                        authorizer, router, audit::add, io.gatehouse.connection.AllowAudit.NONE),
                metrics,
                Clock.systemUTC());
        reload.actOn(
                authorizer,
                new Sweep(authorizer, registry, router, Sweep.OnRevoke.DORMANT, audit::add, metrics),
                loops);
    }

    @Test
    void windows_turn_alsoWhileAPolicyIsTakenIn() throws InterruptedException {
        Thread turning = new Thread(reload::turn);
        synchronized (reload) { // as the load and the sweep hold it
            turning.start();
            turning.join(20_000);
            assertThat(turning.isAlive()).isFalse();
        }
    }

    @AfterEach
    void close() {
        loops.close();
    }

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    }

    /** I19: 10,000 random requests are answered the same, word for word, before and after. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "not YAML|{version: 1, roles: [}",
                "an unknown key|{version: 1, rolls: {}}",
                "an undefined role|{version: 1, users: {zoe: [nobody]}}",
                "a failing test|{version: 1, tests: [{as: {user: bob}, can: [publish a/b]}]}",
                "a role twice|{version: 1, roles: {guest: {publish: ['#']}}}",
                "not UTF-8|\u00ff",
            })
    void reload_thatFails_leavesEveryAnswerAsItWas(String name, String text) throws Exception {
        List<String> before = answers();

        Path file = folder.resolve("policies/20-more.yaml");
        write("policies/20-more.yaml", text);
        if (name.equals("not UTF-8")) {
            Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE, 0});
        }
        long epoch = authorizer.epoch();
        reload.reload();

        assertThat(reload.isStale()).isTrue();
        assertThat(authorizer.epoch()).isEqualTo(epoch);
        assertThat(answers()).isEqualTo(before);
        assertThat(metrics.reloadsRefused.value()).isEqualTo(1);
        assertThat(audit).singleElement().satisfies(event -> {
            assertThat(event.name()).isEqualTo("policy.load");
            assertThat(event.fields()).containsEntry("outcome", "refused");
            assertThat(event.fields().get("problems").toString()).contains(".yaml:");
        });
    }

    private List<String> answers() {
        Random random = new Random(20261125);
        List<Rights> asking = new ArrayList<>();
        for (String user : List.of("ann", "bob")) {
            asking.add(((AuthorizedConnect) authorizer.connect(TestPrincipals.user(user), new ClientId("c"), null))
                    .rights());
        }
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            Rights rights = asking.get(random.nextInt(2));
            Qos qos = Qos.of(random.nextInt(3));
            String said;
            if (random.nextBoolean()) {
                String topic = levels(random, List.of("a", "b", "c", "d", "e", "s", "x", "y", "ann", "$SYS"));
                said = word(authorizer.publish(rights, Message.of(topic, qos, random.nextBoolean(), Payload.EMPTY)));
            } else {
                String filter = levels(random, List.of("a", "b", "c", "x", "y", "+", "+"))
                        + (random.nextInt(3) == 0 ? "/#" : "");
                filter = (random.nextInt(5) == 0 ? "$share/g/" : "") + filter;
                said = word(authorizer.subscribe(rights, Subscription.of(TopicFilter.of(filter), qos)));
            }
            answers.add(said);
        }
        assertThat(answers).as("yes and no").contains("yes").anyMatch(answer -> !answer.equals("yes"));
        return answers;
    }

    private static String word(Object decision) {
        return decision instanceof io.gatehouse.policy.Denied denied ? denied.toString() : "yes";
    }

    private static String levels(Random random, List<String> from) {
        StringBuilder text = new StringBuilder(from.get(random.nextInt(from.size())));
        for (int i = random.nextInt(3); i > 0; i--) {
            text.append('/').append(from.get(random.nextInt(from.size())));
        }
        return text.toString();
    }

    @Test
    void reload_ofTheSameFiles_isNoNewPolicy() throws Exception {
        write("policies/10-main.yaml", GOOD);
        reload.reload();

        assertThat(authorizer.revision()).isEqualTo(1);
        assertThat(audit).isEmpty();
    }

    @Test
    void reload_backToTheGoodFiles_isNotStaleAnyMore() throws Exception {
        write("policies/20-more.yaml", "version: 2\n");
        reload.reload();
        Files.delete(folder.resolve("policies/20-more.yaml"));
        reload.reload();

        assertThat(reload.isStale()).isFalse();
        assertThat(authorizer.revision()).isEqualTo(1);
    }

    /** I18, for whoever decides on other threads: what begins after the swap returned is decided under the new policy. */
    @Test
    void reload_whileOthersDecide_noAnswerOfTheOldOneAfterItReturned() throws Exception {
        Rights rights =
                ((AuthorizedConnect) authorizer.connect(TestPrincipals.user("ann"), new ClientId("c"), null)).rights();
        Message message = Message.of("c/x", Qos.AT_MOST_ONCE, false, Payload.EMPTY);
        AtomicInteger swapped = new AtomicInteger();
        AtomicInteger wrong = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Thread thread = new Thread(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    int before = swapped.get();
                    boolean allowed = word(authorizer.publish(rights, message)).equals("yes");
                    // an even number of swaps: the policy allows it; asked within one reign, it must have been that
                    // one's
                    if (before == swapped.get() && before >= 0 && allowed != (before % 2 == 0)) {
                        wrong.incrementAndGet();
                    }
                }
            });
            thread.start();
            threads.add(thread);
        }
        String denying = GOOD.replace("publish: [a/x/b]", "publish: [a/x/b, \"c/#\"]");
        for (int i = 1; i <= 20; i++) {
            write("policies/10-main.yaml", i % 2 == 0 ? GOOD : denying);
            swapped.set(-i);
            reload.reload();
            swapped.set(i);
        }
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join();
        }
        assertThat(authorizer.revision()).isEqualTo(21);
        assertThat(wrong).hasValue(0);
    }

    /**
     * I27: no more than two policies are there during a reload, and one after it, whoever was bound to the old ones: a
     * client, a subscription, whoever left a retained message.
     */
    @Test
    void i27_reloads_leaveOnePolicy() throws Exception {
        Rights held =
                ((AuthorizedConnect) authorizer.connect(TestPrincipals.user("ann"), new ClientId("c"), null)).rights();
        Message left = Message.of("c/x", Qos.AT_LEAST_ONCE, true, Payload.of("kept"));
        router.route((AuthorizedPublish) authorizer.publish(held, left));
        Object subscribed = authorizer.subscribe(held, Subscription.of(TopicFilter.of("c/#"), Qos.AT_MOST_ONCE));
        assertThat(subscribed).isInstanceOf(AuthorizedSubscription.class);
        List<WeakReference<PolicySet>> old = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            old.add(new WeakReference<>(authorizer.policy()));
            write("policies/10-main.yaml", GOOD + "# " + i + "\n");
            assertThat(reload.reload()).isEmpty();
        }

        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            System.gc();
            assertThat(old).allMatch(one -> one.get() == null);
        });
        assertThat(authorizer.revision()).isEqualTo(6);
        assertThat(router.retainedCount()).isEqualTo(1);
        assertThat(((AuthorizedSubscription) subscribed).permits(left.topic())).isTrue();
    }

    @Test
    void watch_changeThatGoesOn_countsWhenItRests() throws Exception {
        Path policies = folder.resolve("policies");
        Watch watch = new Watch(List.of(policies));
        assertThat(watch.changed()).isFalse();

        write("policies/30.yaml", "version: 1\n");
        assertThat(watch.changed()).as("it may still be written").isFalse();
        write("policies/40.yaml", "version: 1\n");
        assertThat(watch.changed()).isFalse();
        assertThat(watch.changed()).isTrue();
        assertThat(watch.changed()).as("told once").isFalse();

        Files.setLastModifiedTime(policies.resolve("40.yaml"), FileTime.from(Instant.EPOCH));
        watch.changed();
        assertThat(watch.changed()).isTrue();
    }
}
