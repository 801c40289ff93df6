package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x509.Time;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignerTest {

    /** RFC 5280, 4.1.2.5: through 2049 two digits of the year, from 2050 on four; seconds always, and Z. */
    @ParameterizedTest
    @CsvSource({
        "2026-11-26T00:00:00Z, 261126000000Z",
        "2049-12-31T23:59:59Z, 491231235959Z",
        "2050-01-01T00:00:00Z, 20500101000000Z",
        "9999-12-31T23:59:59Z, 99991231235959Z",
    })
    void time_isInTheFormOfItsYear(Instant moment, String text) throws IOException {
        Time time = Signer.timeOf(moment);
        byte[] der = time.getEncoded();
        assertThat(new String(der, 2, der.length - 2, StandardCharsets.US_ASCII))
                .isEqualTo(text);
        assertThat(der).isEqualTo(new Time(Date.from(moment)).getEncoded()); // as the library has it
    }
}
