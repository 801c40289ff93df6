package io.gatehouse.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.config.Network;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who has to wait, and for how long. */
class PenaltiesTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final InetAddress HOME = address("192.0.2.7");
    private static final InetAddress OTHER = address("192.0.2.8");

    private long now = Long.MAX_VALUE - 1; // as System.nanoTime, it may wrap
    private final Penalties penalties = new Penalties(
            new Admission.Penalty(
                    5,
                    SECOND,
                    Duration.ofSeconds(5),
                    List.of(Network.parse("10.0.0.0/8").orElseThrow())),
            () -> now);

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private Duration failed() {
        Duration time = penalties.failed(HOME, HOME, false);
        return time == null ? Duration.ZERO : time;
    }

    private void later(Duration time) {
        now += time.toNanos();
    }

    private void failTimes(int times) {
        for (int i = 0; i < times; i++) {
            assertThat(failed()).isZero();
        }
    }

    private boolean isShutOut() {
        return penalties.isShutOut(HOME, false);
    }

    @Test
    void failures_fiveInARow_shutOutForASecond_thenTwiceAsLongEach_upToTheLongest() {
        failTimes(4);
        assertThat(isShutOut()).isFalse();
        for (int seconds : new int[] {1, 2, 4, 5, 5}) {
            assertThat(failed()).isEqualTo(Duration.ofSeconds(seconds));
            assertThat(isShutOut()).isTrue();
            assertThat(penalties.count()).isEqualTo(1);
            later(Duration.ofSeconds(seconds).minusMillis(1));
            assertThat(isShutOut()).isTrue();
            later(Duration.ofMillis(1));
            assertThat(isShutOut()).isFalse();
            failTimes(3);
            assertThat(isShutOut())
                    .as("it is open for a moment, whatever comes")
                    .isFalse();
            later(SECOND);
        }
        assertThat(penalties.isShutOut(OTHER, false)).isFalse();
    }

    @Test
    void failures_ofConnectionsThatHadBegunBefore_countOnce() {
        failTimes(4);
        assertThat(failed()).isEqualTo(SECOND);
        failTimes(200);
        later(SECOND);
        failTimes(200);
        later(SECOND);
        assertThat(failed()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void login_clearsIt_andSoDoesAChangeOfTrust() {
        failTimes(4);
        penalties.succeeded(HOME);
        failTimes(4);
        assertThat(failed()).isEqualTo(SECOND);
        penalties.succeeded(HOME);
        assertThat(isShutOut()).isFalse();
        later(SECOND);
        failTimes(4);
        assertThat(failed()).as("from the beginning").isEqualTo(SECOND);
        penalties.forgive();
        assertThat(isShutOut()).isFalse();
        failTimes(4);
        assertThat(failed()).isEqualTo(SECOND);
    }

    @Test
    void quiet_forAsLongAsTheLongest_isForgiven() {
        failTimes(4);
        later(Duration.ofSeconds(5).plusMillis(1));
        failTimes(4);
        assertThat(failed()).isEqualTo(SECOND);
        later(Duration.ofSeconds(6).plusMillis(1));
        failTimes(4);
    }

    @Test
    void address_withClientsThatAreIn_isShutOutForTheFirstTimeOnly_andOpenNineTimesAsLong() {
        failTimes(4);
        for (int i = 0; i < 6; i++) {
            assertThat(penalties.failed(HOME, HOME, true)).isEqualTo(SECOND);
            assertThat(penalties.isShutOut(HOME, true)).isTrue();
            later(SECOND);
            for (int tenths = 0; tenths < 90; tenths++) {
                assertThat(penalties.failed(HOME, HOME, true)).isNull();
                assertThat(penalties.isShutOut(HOME, true))
                        .as("its neighbours get in")
                        .isFalse();
                later(Duration.ofMillis(100));
            }
        }
        assertThat(penalties.failed(HOME, HOME, true)).isEqualTo(SECOND);
        later(SECOND);
        assertThat(isShutOut()).as("nobody of it is in any more").isTrue();
    }

    @Test
    void address_exempt_isNeverShutOut() {
        InetAddress proxy = address("10.1.2.3");
        for (int i = 0; i < 100; i++) {
            assertThat(penalties.failed(proxy, proxy, false)).isNull();
        }
        assertThat(penalties.count()).isZero();
    }

    @Test
    void addresses_withoutEnd_takeBoundedMemory() throws UnknownHostException {
        for (int i = 0; i < 100_010; i++) {
            InetAddress one = InetAddress.getByAddress(new byte[] {11, (byte) (i >> 16), (byte) (i >> 8), (byte) i});
            for (int times = 0; times < 5; times++) {
                penalties.failed(one, one, false);
            }
        }
        assertThat(penalties.count()).isEqualTo(100_000);
        assertThat(penalties.isShutOut(address("11.0.0.0"), false))
                .as("the oldest is forgotten")
                .isFalse();
    }

    // at the door

    private static Admission admission(String exempt) {
        return new Admission(new Admission.Limits(
                100,
                100,
                1000,
                1000,
                100,
                100,
                1L << 30,
                new Admission.Penalty(
                        2,
                        Duration.ofHours(1),
                        Duration.ofHours(1),
                        List.of(Network.parse(exempt).orElseThrow()))));
    }

    private static Admission.Answer enter(Admission admission, String address) {
        return admission.enter(new InetSocketAddress(address(address), 40_000), null);
    }

    private static void failTwice(Admission admission, String address) {
        for (int i = 0; i < 2; i++) {
            Admission.Place place = (Admission.Place) enter(admission, address);
            place.failed();
            place.leave();
        }
    }

    @Test
    void network_of64Bits_isShutOutAsOne_andItsNeighbourIsNot() {
        Admission admission = admission("::1");
        failTwice(admission, "2001:db8:0:1::7");
        assertThat(enter(admission, "2001:db8:0:1:ffff::9")).isEqualTo(Admission.Refused.PENALTY);
        assertThat(enter(admission, "2001:db8:0:2::7")).isInstanceOf(Admission.Place.class);
        assertThat(admission.shutOut()).isEqualTo(1);

        failTwice(admission, "::1");
        assertThat(enter(admission, "::1"))
                .as("exempt by itself, not by its network")
                .isInstanceOf(Admission.Place.class);
    }

    @Test
    void login_opensTheDoorForItsAddress_andTheLastToLeaveClosesTheException() {
        Admission admission = admission("10.0.0.0/8");
        Admission.Place in = (Admission.Place) enter(admission, "192.0.2.7");
        in.loggedIn();
        Admission.Place late = (Admission.Place) enter(admission, "192.0.2.7");
        failTwice(admission, "192.0.2.7");
        assertThat(enter(admission, "192.0.2.7")).isEqualTo(Admission.Refused.PENALTY);

        late.loggedIn();

        assertThat(enter(admission, "192.0.2.7")).isInstanceOf(Admission.Place.class);
        in.leave();
        late.leave();
        late.leave();
        assertThat(admission.heldBytes()).isEqualTo(32 << 10);
    }
}
