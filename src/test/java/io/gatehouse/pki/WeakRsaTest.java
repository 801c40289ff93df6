package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.RSAPublicKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** RSA keys that are long enough and are broken: each made as those are that were found in the world. */
class WeakRsaTest {
    private static final BigInteger F4 = BrokenKeys.F4;
    private static final char[] PASSPHRASE = "a passphrase for tests".toCharArray();

    private final Random random = new Random(20_171_016);
    private final BrokenKeys broken = new BrokenKeys(20_171_016);

    private static RSAPublicKey key(BigInteger modulus, BigInteger exponent) throws Exception {
        return (RSAPublicKey) KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(modulus, exponent));
    }

    @Test
    void keys_ofTheFlawedLibrary_areToldByTheirModulus_andEnrolmentRefusesThem() throws Exception {
        assertThat(WeakRsa.isRoca(((RSAPublicKey) broken.roca(512, 39).getPublic()).getModulus()))
                .isTrue();
        assertThat(WeakRsa.isRoca(((RSAPublicKey) broken.roca(1024, 71).getPublic()).getModulus()))
                .isTrue();
        KeyPair flawed = broken.roca(3072, 126);
        assertThat(WeakRsa.fault((RSAPublicKey) flawed.getPublic()).orElseThrow())
                .contains("ROCA, CVE-2017-15361");
        assertThat(KeyKind.of(flawed.getPublic())).as("it is long enough").contains(KeyKind.RSA3072);

        try (Authority authority =
                Authority.create(temp.resolve("pki"), "Greenhouses", PASSPHRASE, Clock.systemUTC())) {
            String token = authority.token("pump-7", Duration.ofDays(7));
            byte[] csr = TestRequest.of(flawed, "pump-7").der();
            assertThatThrownBy(() -> authority.certify(
                            Profile.DEVICE.permit(Csr.parse("it", csr)
                                    .request(Profile.DEVICE, Optional.empty(), Duration.ofDays(90))),
                            false))
                    .isInstanceOf(PkiProblem.class)
                    .hasMessageContaining("ROCA");
            authority.close();
            try (Enrolment enrolment = Enrolment.open(
                    temp.resolve("pki"), PASSPHRASE, EnrolmentRules.DEFAULT, Optional.empty(), Clock.systemUTC())) {
                assertThat(enrolment.enrol("pump-7", token, csr))
                        .isInstanceOfSatisfying(EnrolmentAnswer.Refused.class, refused -> {
                            assertThat(refused.fault()).isEqualTo(EnrolmentFault.KEY_WEAK);
                            assertThat(refused.detail()).contains("ROCA");
                        });
                assertThat(enrolment.enrol(
                                "pump-7", token, TestRequest.of("pump-7").der()))
                        .as("the token is good for a better key")
                        .isInstanceOf(EnrolmentAnswer.Granted.class);
            }
        }
    }

    @TempDir
    private Path temp;

    @Test
    void keys_withOtherFaults_areNamed() throws Exception {
        BigInteger p = BigInteger.probablePrime(1024, random);
        BigInteger q = BigInteger.probablePrime(1024, random);
        assertThat(WeakRsa.fault(key(p.multiply(q), BigInteger.valueOf(3))).orElseThrow())
                .contains("exponent");
        assertThat(WeakRsa.fault(key(p.multiply(q), F4.add(BigInteger.ONE))).orElseThrow())
                .contains("exponent");
        assertThat(WeakRsa.fault(key(p.multiply(BigInteger.valueOf(751)), F4)).orElseThrow())
                .contains("small factor");
        assertThat(WeakRsa.fault(key(p.multiply(p.nextProbablePrime()), F4)).orElseThrow())
                .contains("Fermat");
        assertThat(WeakRsa.fault(key(p.multiply(p), F4)).orElseThrow()).contains("Fermat");
    }

    @Test
    void keys_thatAreGood_areNotAccused() throws Exception {
        for (int i = 0; i < 200; i++) {
            BigInteger modulus = BigInteger.probablePrime(256, random).multiply(BigInteger.probablePrime(256, random));
            assertThat(WeakRsa.fault(key(modulus, F4))).as(modulus.toString(16)).isEmpty();
        }
    }

    @Test
    void lint_namesSuchAKey() throws Exception {
        KeyPair flawed = broken.roca(2048, 126);
        assertThat(Lint.of(LintTest.certificateOf(flawed))).extracting(Lint::id).contains("GH-CERT-019");
    }
}
