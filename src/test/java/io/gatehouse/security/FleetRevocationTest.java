package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.CannotStart;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.RevocationReason;
import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A fleet that is connected and hears a message again and again; a part of it is revoked, and goes, and the rest does not miss one.
 * {@code bench/revoke.sh} runs it with a thousand connections, prints how long it took, and holds it to the bounds.
 */
class FleetRevocationTest {
    private static final int FLEET = Integer.getInteger("gatehouse.fleet", 30);
    private static final int REVOKED = Math.max(3, FLEET / 10);
    private static final boolean MEASURED = System.getProperty("gatehouse.fleet") != null;
    private static final int NOT_AUTHORIZED = 0x87;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final char[] PASSPHRASE = "correct horse battery".toCharArray();

    private static final List<Forge.Holder> DEVICES = new ArrayList<>();

    @TempDir
    private static Path folder;

    private static @Nullable TlsHouse shared;
    private static @Nullable Authority authority;

    @BeforeAll
    static void anAuthorityAndABroker() throws PkiProblem, CannotStart {
        Authority own = Authority.create(folder.resolve("pki"), "Fleet", PASSPHRASE.clone(), Clock.systemUTC());
        authority = own;
        for (int i = 0; i < FLEET + REVOKED; i++) {
            DEVICES.add(holder(own.issueDevice("device-" + i, Duration.ofDays(1))));
        }
        own.publishRevocations(Duration.ofDays(1));
        Forge root = Forge.root("Server Root");
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), root.server());
        shared = new TlsHouse(
                folder,
                listener("journal", "revocation: {authority: pki}") + listener("list", "crl: pki/crl/device.pem"),
                "limits: {max_connections_per_address: 100000, connects_per_second_per_address: 100000}\n",
                Clock.systemUTC());
    }

    private static Forge.Holder holder(Issued issued) {
        return new Forge.Holder(
                List.of(issued.certificate()),
                new KeyPair(issued.certificate().getPublicKey(), issued.key().orElseThrow()));
    }

    private static String listener(String name, String more) {
        return """
                  %s:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: pki/trust/device-ca.pem, %s}
                    login: certificate
                """.formatted(name, more).indent(2);
    }

    @AfterAll
    static void close() {
        if (shared != null) {
            shared.close();
        }
        if (authority != null) {
            authority.close();
        }
    }

    private static TlsHouse house() {
        return Objects.requireNonNull(shared);
    }

    private static Authority authority() {
        return Objects.requireNonNull(authority);
    }

    private interface Step {
        void run() throws PkiProblem;
    }

    private static List<Inventory.Item> items(int from) {
        return IntStream.range(from, from + REVOKED)
                .boxed()
                .flatMap(i -> authority().inventory().byId("device-" + i).stream())
                .toList();
    }

    @Test
    void journal_revocation_endsThoseConnectionsWithinASecond_andTheOthersMissNothing() throws Exception {
        List<Inventory.Item> items = items(0);
        revoke("journal", 0, 0, Duration.ofSeconds(1), () -> authority().revoke(items, RevocationReason.SUPERSEDED));
    }

    @Test
    void list_replaced_endsThoseConnectionsWithinFiveSeconds_andTheOthersMissNothing() throws Exception {
        authority().revoke(items(FLEET), RevocationReason.SUPERSEDED);
        revoke("list", REVOKED, FLEET, Duration.ofSeconds(5), () -> authority().publishRevocations(Duration.ofDays(1)));
    }

    /**
     * @param from the number of the first device of the fleet
     * @param revoked the number of the first device that is revoked
     */
    private static void revoke(String listener, int from, int revoked, Duration bound, Step step)
            throws PkiProblem, IOException, InterruptedException {
        int port = house().port(listener);
        List<Member> go = new ArrayList<>();
        List<Member> stay = new ArrayList<>();
        Forge.Holder speaker = DEVICES.get(FLEET - 1); // of those who stay, in both fleets
        for (int i = from; i < from + FLEET; i++) {
            Member member = new Member(listener + "-" + i, TlsClient.context(DEVICES.get(i)), port, "t/all", 0);
            (i >= revoked && i < revoked + REVOKED ? go : stay).add(member);
        }
        try (Herald herald = new Herald("herald-" + listener, TlsClient.context(speaker), port, "t/all", 100)) {
            awaitNumber(stay, herald, 5);
            awaitNumber(go, herald, 0);

            long start = System.nanoTime();
            step.run();
            await("those revoked to be gone")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> go.stream().allMatch(Member::isGone));
            List<Long> millis = go.stream()
                    .map(member -> (member.goneNanos() - start) / 1_000_000)
                    .sorted()
                    .toList();

            awaitNumber(stay, herald, 5);
            herald.stop();
            int last = herald.acknowledged() - 1;
            assertThat(herald.failure()).isNull();
            awaitHeard(stay, last);
            assertThat(stay).noneMatch(Member::isGone).noneMatch(Member::missed);
            assertThat(go).allMatch(member -> member.reason() == NOT_AUTHORIZED);
            assertThat(go).as("until the end they missed nothing either").noneMatch(Member::missed);
            assertRefused(DEVICES.get(revoked), port);
            long longest = millis.get(millis.size() - 1);
            System.out.printf(
                    "revoke: by the %-8s %5d connections, %4d revoked: gone after %d ms (first), %d ms (half), %d ms (last);"
                            + " the other %d heard every one of %d messages%n",
                    listener,
                    FLEET,
                    REVOKED,
                    millis.get(0),
                    millis.get(millis.size() / 2),
                    longest,
                    stay.size(),
                    last + 1);
            if (MEASURED) {
                assertThat(longest).isLessThan(bound.toMillis());
            }
        } finally {
            go.forEach(Member::close);
            stay.forEach(Member::close);
        }
    }

    /** Waits until all have heard so many numbers more. */
    private static void awaitNumber(List<Member> members, Herald herald, int more) {
        awaitHeard(members, herald.acknowledged() + more);
    }

    private static void awaitHeard(List<Member> members, int number) {
        await("number " + number)
                .atMost(PATIENCE)
                .until(() -> members.stream().allMatch(member -> member.last() >= number));
    }

    private static void assertRefused(Forge.Holder holder, int port) {
        try (TlsClient client = TlsClient.connect(holder, port, "TLSv1.3")) {
            assertThat(client.login("again")).isNegative();
        } catch (IOException refused) {
            assertThat(refused).isNotInstanceOf(java.net.SocketTimeoutException.class);
        }
    }
}
