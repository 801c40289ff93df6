package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PasswdAndTokenTest {
    private static final String ISSUER = "https://id.example.com";

    @TempDir
    Path folder;

    private Path users;
    private Path secret;
    private Path key;
    private Path keys;

    /** What a command line came to. */
    private record Run(int code, String out, String err) {}

    @BeforeEach
    void names() throws Exception {
        users = folder.resolve("users.pw");
        secret = Files.writeString(folder.resolve("secret"), "corréct horse\nsecond line\n");
        key = folder.resolve("signing.json");
        keys = folder.resolve("keys.json");
    }

    @Test
    void passwd_setVerifyListDelete_workOnOneFile() throws Exception {
        Run set = run("passwd", "set", users, "ann", "--password-file", secret);
        assertThat(set).isEqualTo(new Run(0, "user 'ann' added to " + users + "\n", ""));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(users)))
                .isEqualTo("rw-------");
        assertThat(run("passwd", "set", users, "ann", "--password-file", secret).out())
                .isEqualTo("password of 'ann' changed in " + users + "\n");
        assertThat(run("passwd", "verify", users, "ann", "--password-file", secret)
                        .code())
                .isZero();
        Path wrong = Files.writeString(folder.resolve("wrong"), "corréct horsf");
        Run refused = run("passwd", "verify", users, "ann", "--password-file", wrong);
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err())
                .isEqualTo("gatehouse: that is not the password of 'ann'\n")
                .doesNotContain("horse");
        Run json = run("passwd", "list", users, "--json");
        assertThat(Json.read(json.out()))
                .isEqualTo(List.of(Map.of(
                        "user",
                        "ann",
                        "scheme",
                        "argon2id",
                        "cost",
                        "argon2id m=19456,t=2,p=1",
                        "weak",
                        false,
                        "line",
                        1)));
        assertThat(run("passwd", "delete", users, "ann").out()).isEqualTo("user 'ann' deleted from " + users + "\n");
        Run gone = run("passwd", "delete", users, "ann");
        assertThat(gone.code()).isEqualTo(1);
        assertThat(gone.err()).contains("there is no user 'ann'");
    }

    @Test
    void passwdList_weakEntries_areNamed() throws Exception {
        write(users, "old:$7$101$AAAAAAAAAAAAAAAA$" + "A".repeat(86) + "==\n");
        Run list = run("passwd", "list", users);
        assertThat(list.out()).startsWith("old  pbkdf2-sha512 i=101  WEAK\n").contains("1 user, 1 stored weakly");
    }

    @Test
    void passwdSet_scram_storesAVerifier() {
        assertThat(run("passwd", "set", users, "ann", "--password-file", secret, "--scram", "--iterations", "4096")
                        .code())
                .isZero();
        assertThat(run("passwd", "list", users).out()).startsWith("ann  scram-sha-256 i=4096  WEAK\n");
        assertThat(run("passwd", "verify", users, "ann", "--password-file", secret)
                        .code())
                .isZero();
        assertThat(run("passwd", "set", users, "ann", "--password-file", secret, "--iterations", "4096")
                        .err())
                .contains("--iterations goes with --scram");
        assertThat(run("passwd", "set", users, "ann", "--password-file", secret, "--scram", "--iterations", "1")
                        .err())
                .contains("4096 to 2000000");
    }

    @Test
    void passwdImport_hashesAreTaken_andUsersThatAreThereStay() throws Exception {
        String hash = "$7$101$AAAAAAAAAAAAAAAA$" + "A".repeat(86) + "==";
        Path from = folder.resolve("mosquitto.pw");
        write(from, "# old\nann:" + hash + "\nbob:" + hash + "\n");
        run("passwd", "set", users, "ann", "--password-file", secret);
        Run imported = run("passwd", "import", from, users);
        assertThat(imported.out())
                .isEqualTo("1 added, 0 replaced, 1 kept as they were in " + users
                        + "\nkept: ann (--replace takes it over)\nweak: bob (set its password anew)\n");
        assertThat(Files.readAllLines(users).get(1)).isEqualTo("bob:" + hash);
        assertThat(run("passwd", "verify", users, "ann", "--password-file", secret)
                        .code())
                .isZero();
        assertThat(run("passwd", "import", from, users, "--replace").out()).startsWith("0 added, 2 replaced, 0 kept");
        assertThat(run("passwd", "verify", users, "ann", "--password-file", secret)
                        .code())
                .isEqualTo(1);
    }

    @Test
    void passwdImport_plainPasswords_areHashedWhenAskedFor() throws Exception {
        Path from = folder.resolve("plain.pw");
        write(from, "ann:corréct horse\nbob:a:b\n");
        Run refused = run("passwd", "import", from, users);
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err())
                .contains("plain.pw:1: the password is not hashed")
                .doesNotContain("horse");
        assertThat(users).doesNotExist();
        assertThat(run("passwd", "import", "--plain", from, users).out()).contains("2 added", "delete it");
        assertThat(Files.readString(users)).doesNotContain("horse");
        assertThat(run("passwd", "verify", users, "ann", "--password-file", secret)
                        .code())
                .isZero();
        Path colon = Files.writeString(folder.resolve("colon"), "a:b");
        assertThat(run("passwd", "verify", users, "bob", "--password-file", colon)
                        .code())
                .isZero();
        assertThat(run("passwd", "import", "--plain", users, folder.resolve("x.pw"))
                        .err())
                .contains("may be hashed already");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "a password as an argument | passwd set FILE ann secret              | Unmatched argument",
                "no file                   | passwd list FILE                        | no such file",
                "an empty user             | passwd set FILE a:b --password-file SECRET | the user name 'a:b'",
                "no password file          | passwd set FILE ann --password-file /none | '/none' cannot be read"
            })
    void passwd_mistake_isOneLineAndExitTwo(String name, String line, String message) {
        String[] arguments = line.replace("FILE", users.toString())
                .replace("SECRET", secret.toString())
                .split(" ");
        Run run = run((Object[]) arguments);
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).startsWith("gatehouse: ").contains(message).doesNotContain("\tat ");
        assertThat(users).doesNotExist();
    }

    @Test
    void secretInput_environmentAndStandardInput_areTaken() {
        SecretInput environment =
                new SecretInput(null, new ByteArrayInputStream(new byte[0]), Map.of(SecretInput.VARIABLE, "from env"));
        assertThat(environment.password("ann", true).matches("from env".getBytes(StandardCharsets.UTF_8)))
                .isTrue();
        SecretInput standardInput = new SecretInput(
                Path.of("-"),
                new ByteArrayInputStream("from pipe\r\n".getBytes(StandardCharsets.UTF_8)),
                Map.of(SecretInput.VARIABLE, "from env"));
        assertThat(standardInput.password("ann", true).matches("from pipe".getBytes(StandardCharsets.UTF_8)))
                .isTrue();
        SecretInput nothing = new SecretInput(null, new ByteArrayInputStream(new byte[0]), Map.of());
        if (System.console() == null) {
            Assertions.assertThatThrownBy(() -> nothing.password("ann", true))
                    .isInstanceOf(Failure.class)
                    .hasMessageContaining("--password-file");
        }
    }

    @ParameterizedTest
    @CsvSource({"EdDSA", "ES256"})
    void token_issuedByUs_isVerified(String algorithm) throws Exception {
        assertThat(run("token", "keygen", "--key", key, "--keys", keys, "--alg", algorithm)
                        .code())
                .isZero();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
        assertThat(Files.readString(keys)).doesNotContain("\"d\"");
        Run issued = issue("--claim", "tenant=acme", "--claim", "roles=[\"a\",\"b\"]");
        assertThat(issued.err()).isEmpty();
        assertThat(issued.out().strip().split("\\.")).hasSize(3);
        Run verified = verify(issued.out());
        assertThat(verified.code()).isZero();
        assertThat(verified.out())
                .contains("ok      signature   is that key's", "ok      user        'ann' from 'sub'")
                .endsWith("the broker would take this token\n")
                .doesNotContain(issued.out().strip());
    }

    @Test
    void tokenVerify_refusedToken_namesTheLine() throws Exception {
        run("token", "keygen", "--key", key, "--keys", keys);
        Run other = verify(issue("--claim", "aud=other").out());
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.out()).contains("REFUSED audience    'aud' is not for [mqtt]", "ok      signature");
        assertThat(other.out().lines().filter(line -> line.startsWith("REFUSED")))
                .hasSize(1);
        Run junk = verify("x.y");
        assertThat(junk.code()).isEqualTo(1);
        assertThat(junk.out()).startsWith("REFUSED shape       it has 2 segments, not three\n");
    }

    /** What an issuer of the broker asks for besides is asked for here too. */
    @Test
    void tokenVerify_withTheIssuersOwnTerms_namesTheLineToo() throws Exception {
        run("token", "keygen", "--key", key, "--keys", keys);
        Run issued = run("token", "issue", "--key", key, "--iss", "i", "--aud", "a", "--user", "ann");
        Path token = keys.resolveSibling("ann.jwt");
        write(token, issued.out());
        Object[] verify = {"token", "verify", "--keys", keys, "--iss", "i", "--aud", "a", token};
        assertThat(run(with(verify, "--typ", "JWT", "--max-lifetime", "1h")).code())
                .isZero();
        Run type = run(with(verify, "--typ", "at+jwt"));
        assertThat(type.code()).isEqualTo(1);
        assertThat(type.out()).contains("REFUSED header", "'typ' is not 'at+jwt'");
        Run lifetime = run(with(verify, "--max-lifetime", "59m"));
        assertThat(lifetime.code()).isEqualTo(1);
        assertThat(lifetime.out()).contains("REFUSED lifetime");
        Run mistake = run(with(verify, "--max-lifetime", "soon"));
        assertThat(mistake.code()).isEqualTo(2);
        assertThat(mistake.err()).contains("'--max-lifetime soon' is no duration");
    }

    private static Object[] with(Object[] arguments, Object... more) {
        Object[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
        System.arraycopy(more, 0, all, arguments.length, more.length);
        return all;
    }

    @Test
    void tokenKeygen_existingFile_isNotOverwritten() throws Exception {
        run("token", "keygen", "--key", key, "--keys", keys);
        String before = Files.readString(key);
        Run again = run("token", "keygen", "--key", key, "--keys", keys);
        assertThat(again.code()).isEqualTo(2);
        assertThat(again.err()).contains("is there already");
        assertThat(Files.readString(key)).isEqualTo(before);
    }

    @Test
    void tokenIssue_keyThatOthersCanRead_isRefused() throws Exception {
        run("token", "keygen", "--key", key, "--keys", keys);
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        Run issued = issue();
        assertThat(issued.code()).isEqualTo(2);
        assertThat(issued.err()).contains("chmod 600 " + key);
    }

    private Run issue(Object... more) {
        return run(concat(
                new Object[] {"token", "issue", "--key", key, "--iss", ISSUER, "--aud", "mqtt", "--user", "ann"},
                more));
    }

    private Run verify(String token) throws Exception {
        Path file = Files.writeString(folder.resolve("token.jwt"), token);
        return run("token", "verify", "--keys", keys, "--iss", ISSUER, "--aud", "mqtt", file);
    }

    private static Object[] concat(Object[] first, Object[] second) {
        Object[] all = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    private static void write(Path file, String text) throws Exception {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private static Run run(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] texts =
                java.util.Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
        int code = GatehouseCommand.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                texts);
        return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
