package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.pki.PkiProblem.Kind;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One holder at a time, among threads and among processes. */
class AuthorityLockTest {
    @TempDir
    private Path temp;

    /** Another process that tries once to take the lock of a file. */
    static final class Other {
        private Other() {}

        public static void main(String[] arguments) throws Exception {
            try (FileChannel channel = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE);
                    FileLock lock = channel.tryLock()) {
                System.out.print(lock == null ? "held" : "free");
            }
        }
    }

    private String askedByAnotherProcess() throws Exception {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Other.class.getName(),
                        temp.resolve("lock").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String answer = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(other.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return answer;
    }

    @Test
    void lock_thatAnotherThreadWaitsFor_staysWithItsHolder() throws Exception {
        AuthorityFolder folder = new AuthorityFolder(temp);
        Path link = Files.createSymbolicLink(temp.resolve("link"), temp);
        AuthorityLock held = folder.lock();
        for (Path name : new Path[] {temp, link, temp.resolve("../" + temp.getFileName())}) {
            CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> {
                try (AuthorityLock second = new AuthorityFolder(name).lockWithin(Duration.ofMillis(50))) {
                    throw new AssertionError("two hold " + second);
                } catch (Exception e) {
                    throw new java.util.concurrent.CompletionException(e);
                }
            });
            assertThatThrownBy(waiting::get)
                    .as(name.toString())
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            PkiProblem.class, e -> assertThat(e.kind()).isEqualTo(Kind.LOCKED));
        }
        assertThat(askedByAnotherProcess()).isEqualTo("held");

        held.close();
        held.close(); // gives nobody else's away
        assertThat(askedByAnotherProcess()).isEqualTo("free");
        try (AuthorityLock next = folder.lock()) {
            held.close();
            assertThatThrownBy(folder::lock).isInstanceOf(PkiProblem.class);
            assertThat(next).isNotNull();
        }
    }

    @Test
    void lock_isTakenByTheThreadThatWaits_whenItIsFree() throws Exception {
        AuthorityFolder folder = new AuthorityFolder(temp);
        AuthorityLock held = folder.lock();
        CompletableFuture<String> waiting = CompletableFuture.supplyAsync(() -> {
            try (AuthorityLock next = folder.lockWithin(Duration.ofSeconds(30))) {
                return askedByAnotherProcess();
            } catch (Exception e) {
                throw new java.util.concurrent.CompletionException(e);
            }
        });
        held.close();
        assertThat(waiting.get(60, TimeUnit.SECONDS)).isEqualTo("held");
    }
}
