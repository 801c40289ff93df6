package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestRateTest {
    private final AtomicLong nanos = new AtomicLong();

    private static InetAddress address(String text) throws Exception {
        return InetAddress.getByName(text);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "192.0.2.1, 192.0.2.1",
        "2001:db8:1:2:aaaa::1, 2001:db8:1:2:0:0:0:0/64",
        "2001:db8:1:2:ffff:ffff:ffff:ffff, 2001:db8:1:2:0:0:0:0/64",
        "::ffff:192.0.2.1, 192.0.2.1",
        "::1, 0:0:0:0:0:0:0:0/64"
    })
    void network_isTheAddress_orWhatOneSubscriberHas(String address, String network) throws Exception {
        assertThat(RequestRate.network(address(address))).isEqualTo(network);
    }

    @Test
    void take_isBoundedByBurstAndRate_ofEachNetworkAlone() throws Exception {
        RequestRate rate = new RequestRate(1, 2, nanos::get);
        assertThat(rate.take(address("2001:db8::1"))).isTrue();
        assertThat(rate.take(address("2001:db8::2"))).isTrue();
        assertThat(rate.take(address("2001:db8::3"))).isFalse();
        assertThat(rate.take(address("192.0.2.1"))).isTrue();
        nanos.addAndGet(1_000_000_000L);
        assertThat(rate.take(address("2001:db8::4"))).isTrue();
        assertThat(rate.take(address("2001:db8::5"))).isFalse();
        nanos.addAndGet(60_000_000_000L); // no more than the burst
        assertThat(rate.take(address("2001:db8::6"))).isTrue();
        assertThat(rate.take(address("2001:db8::6"))).isTrue();
        assertThat(rate.take(address("2001:db8::6"))).isFalse();
    }
}
