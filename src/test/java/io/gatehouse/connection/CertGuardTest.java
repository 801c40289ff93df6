package io.gatehouse.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.metrics.Metrics;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.session.Link;
import io.gatehouse.session.Remains;
import io.gatehouse.tls.Peer;
import io.gatehouse.tls.TestPeers;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who leaves when, if many certificates are taken back at once. */
class CertGuardTest {
    private static final int FLEET = 120;

    private static @Nullable X509Certificate certificate;

    private final Metrics metrics = new Metrics();
    private final TreeMap<Duration, List<Runnable>> later = new TreeMap<>();
    private final List<Told> links = new ArrayList<>();
    private boolean revoked;
    private boolean urgent;

    private final CertGuard guard = new CertGuard(this::judge, this::schedule, metrics, new Remains(false, true));

    @BeforeAll
    static void aCertificate(@TempDir Path folder) throws PkiProblem {
        char[] passphrase = "correct horse battery".toCharArray();
        try (Authority authority = Authority.create(folder.resolve("pki"), "Test", passphrase, Clock.systemUTC())) {
            certificate = authority.issueDevice("device", Duration.ofDays(1)).certificate();
        }
    }

    private static X509Certificate certificate() {
        return Objects.requireNonNull(certificate);
    }

    private java.time.Instant judge(List<X509Certificate> chain) throws io.gatehouse.tls.CertificateRefused {
        if (revoked) {
            throw TestPeers.revoked(certificate(), urgent);
        }
        return java.time.Instant.MAX;
    }

    private io.gatehouse.session.Timers.Timer schedule(Duration delay, Runnable task) {
        later.computeIfAbsent(delay, same -> new ArrayList<>()).add(task);
        return () -> {};
    }

    /** A connection that remembers what it was told, as a real one listens to the first word only. */
    private static final class Told implements Link {
        private int times;
        private @Nullable Remains remains;

        @Override
        public Peer peer() {
            return TestPeers.tls(certificate());
        }

        @Override
        public void takenOver() {}

        @Override
        public void end(ReasonCode reason, String cause, String detail, Remains what) {
            assertThat(reason).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            assertThat(cause).isEqualTo("revoked");
            times++;
            remains = what;
        }
    }

    @BeforeEach
    void aFleet() {
        IntStream.range(0, FLEET).forEach(i -> {
            Told link = new Told();
            links.add(link);
            guard.enter(link);
        });
    }

    private long told() {
        return links.stream().filter(link -> link.times > 0).count();
    }

    @Test
    void sweep_manyRevoked_endsFiftyAtOnceAndTheRestAtFiveHundredASecond() {
        revoked = true;

        assertThat(guard.sweep()).isEqualTo(FLEET);

        assertThat(told()).isEqualTo(50);
        assertThat(later.keySet()).containsExactly(Duration.ofMillis(100), Duration.ofMillis(200));
        assertThat(later.get(Duration.ofMillis(100))).hasSize(50);
        later.values().forEach(turn -> turn.forEach(Runnable::run));
        assertThat(links)
                .allMatch(link -> link.times == 1)
                .allMatch(link -> new Remains(false, true).equals(link.remains));
    }

    @Test
    void sweep_again_countsNobodyTwice_andLetsNobodyJumpTheQueue() {
        revoked = true;
        guard.sweep();

        assertThat(guard.sweep()).isZero();
        assertThat(guard.withdrawn(List.of(certificate().getSerialNumber()))).isZero();

        assertThat(told()).isEqualTo(50);
        assertThat(metrics.certificatesWithdrawn.value()).isEqualTo(FLEET);
        links.forEach(guard::leave);
        links.forEach(guard::enter);
        assertThat(guard.sweep()).as("who comes back is somebody new").isEqualTo(FLEET);
    }

    @Test
    void sweep_keyInWrongHands_endsAllAtOnce_alsoThoseWhoseTurnWasToCome() {
        revoked = true;
        guard.sweep();
        urgent = true;

        assertThat(guard.sweep()).isZero();

        assertThat(told()).isEqualTo(FLEET);
    }
}
