package io.gatehouse.authn;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoginThrottleTest {
    private final MutableClock clock = new MutableClock();
    private final LoginThrottle throttle = new LoginThrottle(clock);

    @ParameterizedTest(name = "after {0} failures: {1} ms")
    @CsvSource({
        "4, 0",
        "5, 1000",
        "6, 2000",
        "7, 4000",
        "8, 8000",
        "9, 16000",
        "10, 32000",
        "11, 64000",
        "12, 128000",
        "13, 256000",
        "14, 300000",
        "100, 300000"
    })
    void isBlocked_waitsTwiceAsLongEachTime(int failures, long wait) throws Exception {
        InetAddress address = InetAddress.getByName("192.0.2.1");
        for (int i = 0; i < failures; i++) {
            throttle.attempt(address, "ann");
        }
        assertThat(throttle.isBlocked(address, "ann")).isEqualTo(wait > 0);
        clock.advance(Duration.ofMillis(wait).minusMillis(wait > 0 ? 1 : 0));
        assertThat(throttle.isBlocked(address, "ann")).isEqualTo(wait > 0);
        clock.advance(Duration.ofMillis(1));
        assertThat(throttle.isBlocked(address, "ann")).isFalse();
    }

    @ParameterizedTest(name = "{0} and {1} are the same source: {2}")
    @CsvSource({
        "192.0.2.1, 192.0.2.1, true",
        "192.0.2.1, 192.0.2.2, false",
        "2001:db8:1:2::1, 2001:db8:1:2:ffff:ffff:ffff:ffff, true",
        "2001:db8:1:2::1, 2001:db8:1:3::1, false",
        // an IPv6 prefix whose number is that of an IPv4 address
        "192.0.2.1, 0:0:c000:201::, false",
        "0.0.0.0, ::1, false"
    })
    void isBlocked_countsByPrefix(String failing, String asking, boolean same) throws Exception {
        for (int i = 0; i < 5; i++) {
            throttle.attempt(InetAddress.getByName(failing), "ann");
        }
        InetAddress address = InetAddress.getByName(asking);
        assertThat(throttle.isBlocked(address, "ann")).isEqualTo(same);
    }

    @Test
    void quietMinutes_forgive_oneFailureEach() throws Exception {
        InetAddress address = InetAddress.getByName("192.0.2.1");
        for (int i = 0; i < 4; i++) {
            throttle.attempt(address, "ann");
        }
        clock.advance(Duration.ofMinutes(2));
        throttle.attempt(address, "ann");
        throttle.attempt(address, "ann");
        assertThat(throttle.isBlocked(address, "ann")).isFalse();
        throttle.attempt(address, "ann");
        assertThat(throttle.isBlocked(address, "ann")).isTrue();
    }

    @Test
    void succeeded_clearsTheUserAndNotTheAddress() throws Exception {
        InetAddress address = InetAddress.getByName("192.0.2.1");
        for (int i = 0; i < LoginThrottle.FREE_PER_ADDRESS - 1; i++) {
            throttle.failed(address);
            throttle.attempt(address, "own");
            throttle.succeeded(address, "own");
        }
        assertThat(throttle.isBlocked(address)).isFalse();
        throttle.failed(address);
        assertThat(throttle.isBlocked(address, "own")).isTrue();
        assertThat(throttle.isBlocked(InetAddress.getByName("192.0.2.2"), "own"))
                .isFalse();
    }

    @Test
    void state_isBounded_howeverManyNamesFail() throws Exception {
        InetAddress address = InetAddress.getByName("192.0.2.1");
        for (int i = 0; i < 120_000; i++) {
            throttle.attempt(address, "user" + i);
        }
        assertThat(throttle.remembered()).isEqualTo(100_000);
    }
}
