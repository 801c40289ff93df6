package io.gatehouse.authn;

import static io.gatehouse.authn.PasswordHashTest.PBKDF2;
import static io.gatehouse.authn.PasswordHashTest.SHA512;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatehouse.config.Configuration.PasswordMin;
import io.gatehouse.protocol.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordFileTest {
    @TempDir
    Path folder;

    @Test
    void parse_commentsBlanksAndCarriageReturns_arePassedOver() throws Unusable {
        PasswordFile file = parse("# users\r\n\r\n ann : " + PBKDF2 + " \r\n\nbob:" + PBKDF2);
        assertThat(file.entries()).extracting(PasswordFile.Entry::user).containsExactly("ann", "bob");
        assertThat(file.entries()).extracting(PasswordFile.Entry::line).containsExactly(3, 5);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "no colon                | ann                        | users.pw:2: no colon",
                "no user                 | :" + PBKDF2 + "             | users.pw:2: the user name is empty",
                "no password             | ann:                       | users.pw:2: the password is missing",
                "plain text              | ann:secret                 | users.pw:2: the password is not hashed",
                "second colon            | ann:" + PBKDF2 + ":x        | users.pw:2: a second colon",
                "duplicate               | bob:" + PBKDF2
                        + "          | users.pw:2: user 'bob' already stands in line 1",
                "indented comment        | ' # x'                     | users.pw:2: no colon",
                "weak hash               | ann:" + SHA512
                        + "          | users.pw:2: the password of 'ann' is stored as one round of SHA-512",
                "reserved name           | $sys:" + PBKDF2 + "         | users.pw:2: the user name begins with '$'"
            })
    void parse_oneBadLine_refusesTheFile_withItsPlace(String name, String line, String message) {
        assertThatThrownBy(() -> parse("bob:" + PBKDF2 + "\n" + line + "\n"))
                .isInstanceOf(Unusable.class)
                .hasMessageStartingWith(message)
                .hasMessageNotContaining("secret")
                .hasMessageNotContaining("uKtJR1y2kI");
    }

    @Test
    void parse_severalBadLines_areAllReported() {
        assertThatThrownBy(() -> parse("a\nb\n" + "c\n".repeat(30)))
                .hasMessageContaining("users.pw:1: ")
                .hasMessageContaining("users.pw:20: ")
                .hasMessageEndingWith("users.pw: 12 more");
    }

    @Test
    void parse_anyDamageToALine_isAnErrorOrTheSameUser() {
        // CVE-2018-12551: a malformed line must never be a user whose password is open
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        String line = "ann:" + PBKDF2;
        for (int i = 0; i < 3_000; i++) {
            StringBuilder damaged = new StringBuilder(line);
            int at = random.nextInt(damaged.length());
            if (random.nextBoolean()) {
                damaged.deleteCharAt(at);
            } else {
                damaged.setCharAt(at, (char) random.nextInt(128));
            }
            try {
                for (PasswordFile.Entry entry : parse(damaged.toString()).entries()) {
                    assertThat(UserName.fault(entry.user(), 128)).isEmpty();
                    assertThat(entry.hash()).isInstanceOf(Pbkdf2Hash.class);
                    assertThat(((Pbkdf2Hash) entry.hash()).hash()).hasSize(64);
                }
            } catch (Unusable expected) {
                assertThat(expected.getMessage()).startsWith("users.pw:");
            }
        }
    }

    @Test
    void parse_weakHashWhereAllowed_isRead() throws Unusable {
        assertThat(PasswordFile.parse("users.pw", "ann:" + SHA512, true).size()).isEqualTo(1);
    }

    @Test
    void dummy_hasTheMostCommonCost() throws Unusable {
        String cheap = PBKDF2.replace("$1000$", "$101$");
        PasswordFile file = parse("a:" + PBKDF2 + "\nb:" + cheap + "\nc:" + cheap);
        assertThat(file.dummy(new SecureRandom()).cost()).isEqualTo("pbkdf2-sha512 i=101");
        assertThat(parse("").dummy(new SecureRandom()).cost()).isEqualTo("argon2id m=19456,t=2,p=1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r--r--", "rw-rw----", "rw-----w-", "rwxrwxrwx"})
    void read_fileOpenToOthers_isRefusedWithTheMend(String mode) throws IOException {
        Path file = write("ann:" + PBKDF2, mode);
        assertThatThrownBy(() -> PasswordFile.read(file, false))
                .isInstanceOf(Unusable.class)
                .hasMessageContaining(mode)
                .hasMessageContaining("chmod 600 " + file);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-------", "r--------", "rw-r-----"})
    void read_privateFile_isRead(String mode) throws Exception {
        assertThat(PasswordFile.read(write("ann:" + PBKDF2, mode), false).size())
                .isEqualTo(1);
    }

    @Test
    void read_missingFile_saysSo() {
        assertThatThrownBy(() -> PasswordFile.read(folder.resolve("none.pw"), false))
                .isInstanceOf(Unusable.class)
                .hasMessageContaining("no such file");
    }

    @Test
    void read_notUtf8_isRefused() throws IOException {
        Path file = write("", "rw-------");
        Files.write(file, new byte[] {'a', (byte) 0xC3, ':', 'x'});
        assertThatThrownBy(() -> PasswordFile.read(file, false)).hasMessageContaining("not UTF-8");
    }

    @ParameterizedTest(name = "mosquitto_passwd {0}")
    @ValueSource(strings = {"sha512-pbkdf2", "sha512"})
    void read_fileOfTheRealTool_knowsItsPasswords(String algorithm) throws Exception {
        Path file = write("", "rw-------");
        mosquittoPasswd("-H", algorithm, "-b", file.toString(), "ann", "corréct horse");
        mosquittoPasswd("-H", algorithm, "-b", file.toString(), "bob", "x");
        PasswordFile read = PasswordFile.read(file, true);
        assertThat(read.hash("ann").orElseThrow().matches("corréct horse".getBytes("UTF-8")))
                .isTrue();
        assertThat(read.hash("ann").orElseThrow().matches("x".getBytes("UTF-8")))
                .isFalse();
        assertThat(read.hash("bob").orElseThrow().matches("x".getBytes("UTF-8")))
                .isTrue();
    }

    @Test
    void edit_keepsOtherLines_andWritesPrivately() throws Exception {
        Path file = write("# staff\nann:" + PBKDF2 + "\n\n# machines\nbob:" + PBKDF2 + "\n", "rw-r-----");
        PasswordFileEditor editor = new PasswordFileEditor(file, new SecureRandom());
        assertThat(editor.set("bob", Presented.secret("new"))).isEqualTo(PasswordFileEditor.Change.CHANGED);
        assertThat(editor.set("cid", Presented.secret("first"))).isEqualTo(PasswordFileEditor.Change.ADDED);
        assertThat(editor.delete("nobody")).isFalse();
        List<String> lines = Files.readAllLines(file);
        assertThat(lines.subList(0, 4)).containsExactly("# staff", "ann:" + PBKDF2, "", "# machines");
        assertThat(lines.get(4)).startsWith("bob:$argon2id$");
        assertThat(lines.get(5)).startsWith("cid:$argon2id$");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(editor.verify("bob", Presented.secret("new"))).contains(true);
        assertThat(editor.verify("bob", Presented.secret("old"))).contains(false);
        assertThat(editor.verify("zoe", Presented.secret("new"))).isEmpty();
        assertThat(editor.delete("bob")).isTrue();
        assertThat(editor.users()).extracting(PasswordFileEditor.User::name).containsExactly("ann", "cid");
        assertThat(editor.users()).extracting(PasswordFileEditor.User::isWeak).containsExactly(true, false);
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void set_makesAFileThatMosquittoCanEdit() throws Exception {
        Path file = folder.resolve("users.pw");
        new PasswordFileEditor(file, new SecureRandom()).set("ann", Presented.secret("secret"));
        mosquittoPasswd("-b", file.toString(), "bob", "other");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertThat(PasswordFile.read(file, false).entries())
                .extracting(entry -> entry.hash().scheme())
                .containsExactly(PasswordScheme.ARGON2ID, PasswordScheme.PBKDF2);
    }

    @Test
    void set_manyAtOnce_allTakeEffect() throws Exception {
        Path file = folder.resolve("users.pw");
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            String user = "user" + i;
            threads.add(new Thread(() -> {
                try {
                    new PasswordFileEditor(file, new SecureRandom()).set(user, Presented.secret("secret"));
                } catch (Unusable e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(PasswordFile.read(file, false).size()).isEqualTo(8);
    }

    @Test
    void set_whereItsFolderIsMissing_saysSo() {
        Path file = folder.resolve("none/users.pw");
        assertThatThrownBy(() -> new PasswordFileEditor(file, new SecureRandom()).set("ann", Presented.secret("x")))
                .isInstanceOf(Unusable.class)
                .hasMessageContaining(file + ": cannot be written: NoSuchFile");
    }

    @Test
    void set_throughASymbolicLink_changesItsTarget() throws Exception {
        Path target = write("", "rw-------");
        Path link = Files.createSymbolicLink(folder.resolve("link.pw"), target);
        new PasswordFileEditor(link, new SecureRandom()).set("ann", Presented.secret("secret"));
        assertThat(link).isSymbolicLink();
        assertThat(Files.readString(target)).startsWith("ann:$argon2id$");
    }

    @Test
    void set_whatCouldNotBeReadBack_isRefused() {
        PasswordFileEditor editor = new PasswordFileEditor(folder.resolve("users.pw"), new SecureRandom());
        for (String name : List.of("", "a:b", " a", "a\nb", "#a", "$a", "e\u0301", "a\u0000")) {
            assertThatThrownBy(() -> editor.set(name, Presented.secret("secret")))
                    .describedAs(UserName.shown(name))
                    .isInstanceOf(Unusable.class);
        }
        for (Secret password :
                List.of(Presented.secret(""), Presented.secret("a\0b"), Presented.secret("x".repeat(513)))) {
            assertThatThrownBy(() -> editor.set("ann", password)).isInstanceOf(Unusable.class);
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void edit_fileThatTheBrokerWouldRefuse_staysAsItIs() throws Exception {
        Path file = write("ann\n", "rw-------");
        assertThatThrownBy(() -> new PasswordFileEditor(file, new SecureRandom()).set("bob", Presented.secret("x")))
                .hasMessageContaining(":1: no colon");
        assertThat(Files.readString(file)).isEqualTo("ann\n");
    }

    @Test
    void read_hashWeakerThanTheLeast_refusesTheFile_withItsLine() throws Exception {
        Path file = write("ann:" + PBKDF2 + "\n", "rw-------");
        assertThat(PasswordFile.read(PasswordLogin.of(file)).size()).isEqualTo(1);
        for (PasswordMin min : List.of(PasswordMin.BCRYPT, PasswordMin.ARGON2ID)) {
            assertThatThrownBy(() -> PasswordFile.read(new PasswordLogin(file, false, min)))
                    .hasMessage(file + ":1: the password of 'ann' is stored as pbkdf2, and password_login.min is "
                            + min.name().toLowerCase(java.util.Locale.ROOT)
                            + ". Set it anew with 'gatehouse passwd set'");
        }
        PasswordFileEditor editor = new PasswordFileEditor(file, new SecureRandom());
        editor.set("ann", Presented.secret("a better one"));
        assertThat(PasswordFile.read(new PasswordLogin(file, false, PasswordMin.ARGON2ID))
                        .size())
                .isEqualTo(1);
    }

    private static PasswordFile parse(String text) throws Unusable {
        return PasswordFile.parse("users.pw", text, false);
    }

    private Path write(String text, String mode) throws IOException {
        Path file = folder.resolve("users.pw");
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        return file;
    }

    private static void mosquittoPasswd(String... arguments) throws Exception {
        assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/mosquitto_passwd")),
                "mosquitto_passwd is not installed (apt-get install mosquitto)");
        String[] command = new String[arguments.length + 1];
        command[0] = "/usr/bin/mosquitto_passwd";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), "UTF-8");
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).describedAs(output).isZero();
    }
}
