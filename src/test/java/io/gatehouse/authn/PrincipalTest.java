package io.gatehouse.authn;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PrincipalTest {
    private static final Instant SOON = Instant.parse("2026-06-01T12:00:00Z");

    @Test
    void isStill_newTokenOfTheSameSubject_whateverElseItClaims() {
        Principal before = TestPrincipals.token("ann", "https://a", Map.of("jwt.roles", List.of("x")), SOON);
        assertThat(before.isStill(TestPrincipals.token("ann", "https://a", Map.of(), SOON.plusSeconds(60))))
                .isTrue();
    }

    @Test
    void isStill_anotherIdentity_isNot() {
        Principal before = TestPrincipals.token("ann", "https://a", Map.of(), SOON);
        assertThat(before.isStill(TestPrincipals.token("bob", "https://a", Map.of(), SOON)))
                .describedAs("another user")
                .isFalse();
        assertThat(before.isStill(TestPrincipals.token("ann", "https://b", Map.of(), SOON)))
                .describedAs("another issuer")
                .isFalse();
        assertThat(before.isStill(TestPrincipals.token("ann", "https://a", Map.of("jwt.sub", List.of("other")), SOON)))
                .describedAs("another subject of the same name")
                .isFalse();
        assertThat(before.isStill(TestPrincipals.user("ann")))
                .describedAs("another method")
                .isFalse();
        assertThat(before.isStill(TestPrincipals.of(
                        "ann",
                        "jwt:https://a",
                        Set.of(AuthMethod.JWT, AuthMethod.CERTIFICATE),
                        before.subject().attributes(),
                        SOON)))
                .describedAs("one method more")
                .isFalse();
    }

    @Test
    void systemPrincipals_haveNamesAndARealmThatNoLoginYields() {
        for (Principal principal : List.of(SystemPrincipals.sys(), SystemPrincipals.admin())) {
            assertThat(principal.owner().realm()).isEqualTo("system");
            assertThat(UserName.fault(principal.user(), 128)).isPresent();
            assertThat(principal.subject().methods()).isEmpty();
        }
        assertThat(SystemPrincipals.sys().owner())
                .isEqualTo(SystemPrincipals.sys().owner());
    }

    @Test
    void userName_anyString_isCleanOrRefused_andItsFaultQuotesNothing() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int clean = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder name = new StringBuilder();
            for (int n = random.nextInt(6); n >= 0; n--) {
                name.append((char) (random.nextInt(3) == 0 ? random.nextInt(0x10000) : 0x20 + random.nextInt(0x60)));
            }
            String text = name.toString();
            if (UserName.fault(text, 128).isPresent()) {
                assertThat(UserName.fault(text, 128).orElseThrow()).matches("[\\x20-\\x7E]+");
                continue;
            }
            clean++;
            assertThat(text).isNotEmpty().doesNotStartWith("$");
            assertThat(new String(
                            text.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                            java.nio.charset.StandardCharsets.UTF_8))
                    .isEqualTo(text);
            assertThat(text.codePoints()).noneMatch(Character::isISOControl).noneMatch(c -> c == 0xFFFD);
        }
        assertThat(clean).isBetween(1_000, 19_000);
    }
}
