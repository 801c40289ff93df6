package io.gatehouse.authn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Random;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PasswordHashTest {
    // made by mosquitto_passwd 1.6 and 2.1, the reference libargon2's command line, and htpasswd -B
    static final String SHA512 = "$6$njERlZMi/7DzNB9E$iiavfuXvUm8iyDZArTy7smTxh07GXXOrOsqxfW6gkOYVXHGk+W+i/8d3xDxrMwEP"
            + "ygEBhoA8A/gjQC0N2M4Lkw==";
    static final String SHA512_EMPTY =
            "$6$o+53eGXtmlfHeYrg$FY7X9DNQ4uU1j0NiPmGOOSU05ZSzhqNmNhXIof/0nLpVb1zDhcRHdaC72E3YryH7dtTiG/r6jH6C8J"
                    + "+30cZBgA==";
    static final String PBKDF2 = "$7$1000$uKtJR1y2kI+tdzwxyMdaN1R3XfHauE742GUjuVZZGSifRdHMz2HBUWNb4bcaFJt8vFV47nH6dXIW"
            + "1B8M7gVY1A==$n/lxUluMJMoxxnBdUW7vn7Dx93iO0tsAOlzcmvPuDLfqohObyzDg2P2yiIBtYYrPNR30bm7yCfBcLXjhxQc3dA==";
    static final String BCRYPT = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "sha512        | " + SHA512 + " | test",
                "sha512, empty | " + SHA512_EMPTY + " | ''",
                "pbkdf2        | " + PBKDF2 + " | password",
                "bcrypt        | " + BCRYPT + " | U*U"
            })
    void matches_goldenVector_onlyItsPassword(String name, String encoded, String password) throws BadHash {
        PasswordHash hash = PasswordHash.parse(encoded);
        assertThat(hash.matches(bytes(password))).isTrue();
        assertThat(hash.matches(bytes(password + "x"))).isFalse();
        assertThat(hash.matches(bytes("X" + password))).isFalse();
        assertThat(hash.encoded()).isEqualTo(encoded);
        assertThat(hash.toString()).doesNotContain("$");
    }

    @Test
    void create_isArgon2idOfOwaspsParameters() throws BadHash {
        PasswordHash hash = PasswordHash.create(bytes("hällo wörld"), new SecureRandom());
        assertThat(hash.encoded()).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
        PasswordHash read = PasswordHash.parse(hash.encoded());
        assertThat(read.matches(bytes("hällo wörld"))).isTrue();
        assertThat(read.matches(bytes("hallo world"))).isFalse();
        assertThat(read.isWeak()).isFalse();
    }

    @Test
    void parse_argon2idOfTheReferenceTool_matches() throws BadHash {
        // from the test vectors of the reference implementation: argon2id, v=19, t=2, m=2^8, p=1, "password",
        // "somesalt"
        PasswordHash hash = PasswordHash.parse(
                "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        assertThat(hash.matches(bytes("password"))).isTrue();
        assertThat(hash.matches(bytes("passwore"))).isFalse();
        assertThat(hash.isWeak()).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "empty                       | ''                                              | missing",
                "plain text                  | hunter2                                         | not hashed",
                "unknown scheme              | $1$salt$hash                                    | unknown kind",
                "argon2i                     | $argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$AAAA     | unknown kind",
                "argon2id of an old version  | $argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$AAAA    | malformed",
                "argon2id memory bomb        | $argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4 | cap",
                "argon2id time bomb          | $argon2id$v=19$m=256,t=99999,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4 | cap",
                "argon2id lanes bomb         | $argon2id$v=19$m=256,t=2,p=64$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4 | cap",
                "argon2id numbers overflow   | $argon2id$v=19$m=9999999999,t=2,p=1$c29tZXNhbHQ$AAAA | malformed",
                "argon2id zero passes        | $argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$AAAA     | malformed",
                "argon2id short hash         | $argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$AAAA     | below 16",
                "argon2id trailing text      | $argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$AAAA$x   | malformed",
                "pbkdf2 no iterations        | $7$0$AAAAAAAAAAAAAAAA$AAAA                        | malformed",
                "pbkdf2 negative iterations  | $7$-1$AAAAAAAAAAAAAAAA$AAAA                       | malformed",
                "pbkdf2 iterations bomb      | $7$2000001$AAAAAAAAAAAAAAAA$AAAA                  | cap",
                "pbkdf2 short hash           | $7$101$AAAAAAAAAAAAAAAA$AAAA                      | SHA-512 has 64",
                "pbkdf2 odd salt             | $7$101$AAAA$AAAA                                  | 12 or 64",
                "pbkdf2 second spelling      | $7$101$AAAAAAAAAAAAAAAB$AAB=                      | Base64",
                "sha512 broken               | $6$AAAA                                           | malformed",
                "bcrypt bomb                 | $2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW | cost outside",
                "bcrypt broken               | $2b$05$CCC                                        | malformed",
                "bcrypt old bug              | $2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW | unknown kind"
            })
    void parse_whatCannotBeUsed_isRefused(String name, String encoded, String why) {
        assertThatThrownBy(() -> PasswordHash.parse(encoded))
                .isInstanceOf(BadHash.class)
                .hasMessageContaining(why);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"sha512," + SHA512, "pbkdf2," + PBKDF2, "bcrypt," + BCRYPT})
    void dummy_costsTheSame_andMatchesNothingKnown(String name, String encoded) throws BadHash {
        PasswordHash hash = PasswordHash.parse(encoded);
        PasswordHash dummy = hash.dummy(new SecureRandom());
        assertThat(dummy.cost()).isEqualTo(hash.cost());
        assertThat(dummy.encoded()).hasSameSizeAs(encoded).isNotEqualTo(encoded);
        assertThat(PasswordHash.parse(dummy.encoded()).cost()).isEqualTo(hash.cost());
        for (String guess : new String[] {"", "test", "password", "U*U"}) {
            assertThat(dummy.matches(bytes(guess))).isFalse();
        }
    }

    @Test
    void bcrypt_passwordThatDiffersBehindByte72_isRefused() throws BadHash {
        byte[] known = bytes("0123456789".repeat(8).substring(0, 72));
        String encoded = OpenBSDBCrypt.generate("2b", known, new byte[16], 5);
        PasswordHash hash = PasswordHash.parse(encoded);
        assertThat(hash.matches(known)).isTrue();
        assertThat(OpenBSDBCrypt.checkPassword(encoded, bytes("0123456789".repeat(8))))
                .isTrue();
        assertThat(hash.matches(bytes("0123456789".repeat(8)))).isFalse();
    }

    @Test
    void matches_anyFlippedBitOfThePassword_isRefused() throws BadHash {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        PasswordHash hash = PasswordHash.parse(PBKDF2);
        for (int i = 0; i < 64; i++) {
            byte[] wrong = bytes("password");
            int bit = random.nextInt(64);
            wrong[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(hash.matches(wrong)).isFalse();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
