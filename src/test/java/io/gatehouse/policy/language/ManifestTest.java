package io.gatehouse.policy.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A manifest is believed only as it was signed. */
class ManifestTest {
    private static final Manifest TWO = new Manifest(
            42, new TreeMap<>(Map.of("10-main.yaml", "ab".repeat(32), "20-fa ctory.yaml", "cd".repeat(32))));

    private KeyPair pair;

    @BeforeEach
    void key() throws Exception {
        pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    }

    @Test
    void verified_whatWasSigned_isThat() throws Exception {
        assertThat(Manifest.verified(TWO.signed(pair.getPrivate()), pair.getPublic()))
                .isEqualTo(TWO);
    }

    @Test
    void verified_byAnotherKey_isRefused() throws Exception {
        KeyPair other = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();

        assertThatThrownBy(() -> Manifest.verified(TWO.signed(other.getPrivate()), pair.getPublic()))
                .isInstanceOf(Manifest.NotSigned.class)
                .hasMessage("the key of policy.verify_key did not sign it.");
    }

    @Test
    void verified_anyBitChanged_isRefused() {
        byte[] good = TWO.signed(pair.getPrivate()).getBytes(StandardCharsets.ISO_8859_1);
        for (int bit = 0; bit < good.length * 8; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatThrownBy(() -> Manifest.verified(new String(bad, StandardCharsets.ISO_8859_1), pair.getPublic()))
                    .as("bit %d", bit)
                    .isInstanceOf(Manifest.NotSigned.class);
        }
    }

    @Test
    void verified_cutOrLengthened_isRefused() {
        String good = TWO.signed(pair.getPrivate());
        for (int length = 0; length < good.length(); length++) {
            String cut = good.substring(0, length);
            assertThatThrownBy(() -> Manifest.verified(cut, pair.getPublic())).isInstanceOf(Manifest.NotSigned.class);
        }
        for (String more : new String[] {"\n", " ", "x\n", "ed25519 \n", "\u0000"}) {
            assertThatThrownBy(() -> Manifest.verified(good + more, pair.getPublic()))
                    .isInstanceOf(Manifest.NotSigned.class);
            assertThatThrownBy(() -> Manifest.verified(more + good, pair.getPublic()))
                    .isInstanceOf(Manifest.NotSigned.class);
        }
    }

    @Test
    void manifest_nameThatBreaksALine_isNotMade() {
        assertThatThrownBy(() -> new Manifest(1, new TreeMap<>(Map.of("a\nb.yaml", "ab".repeat(32)))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void differences_namesWhatIsOther() {
        assertThat(TWO.differences(TWO.files())).isEmpty();
        assertThat(TWO.differences(
                        new TreeMap<>(Map.of("10-main.yaml", "ab".repeat(31) + "aa", "30-new.yaml", "ab".repeat(32)))))
                .contains("changed: 10-main.yaml, missing: 20-fa ctory.yaml, not signed: 30-new.yaml");
    }
}
