package io.gatehouse.pki;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The signer: answers a broker over a Unix domain socket, so that the key is in a process that no network reaches. Any
 * thread.
 *
 * <p>Who may ask is who may open the socket. It has its mode from its first moment: it is made in a folder of its own that
 * nobody else enters, and moved to its place.
 */
public final class SignerServer implements AutoCloseable {
    private static final int MAX_AT_ONCE = 4;
    private static final int MAX_WAITING = 64;
    private static final long REQUEST_SECONDS = 5;

    private final Path path;
    private final ServerSocketChannel server;
    private final Registrar registrar;
    private final Consumer<String> log;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(SignerServer::thread);
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            MAX_AT_ONCE, MAX_AT_ONCE, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING), SignerServer::thread);

    private SignerServer(Path path, ServerSocketChannel server, Registrar registrar, Consumer<String> log) {
        this.path = path;
        this.server = server;
        this.registrar = registrar;
        this.log = log;
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "gatehouse-signer");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Takes the socket, and answers.
     *
     * @param group whether the socket's group may ask too, beside its owner
     * @param log is told of what is not as it should be
     */
    public static SignerServer open(Path path, boolean group, Registrar registrar, Consumer<String> log)
            throws PkiProblem {
        try {
            if (Files.exists(path)) {
                if (answers(path)) {
                    throw new PkiProblem(PkiProblem.Kind.LOCKED, path + ": another signer answers there");
                }
                if (Files.isRegularFile(path) || Files.isDirectory(path)) {
                    throw new PkiProblem(PkiProblem.Kind.INPUT, path + ": is there and is not a socket");
                }
            }
            ServerSocketChannel server = bind(path.toAbsolutePath(), group ? "rw-rw----" : "rw-------");
            SignerServer signer = new SignerServer(path, server, registrar, log);
            thread(signer::accept).start();
            return signer;
        } catch (IOException e) {
            throw new PkiProblem(
                    PkiProblem.Kind.IO,
                    path + ": the socket cannot be made: " + e.getMessage()
                            + ". It needs a folder that this user writes to, and a short path");
        }
    }

    private static ServerSocketChannel bind(Path path, String mode) throws IOException {
        Path folder = Files.createTempDirectory(
                path.getParent(),
                ".s",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path fresh = folder.resolve("s");
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(fresh));
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(mode));
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
            return server;
        } catch (IOException | RuntimeException e) {
            server.close();
            Files.deleteIfExists(fresh);
            throw e instanceof IOException io ? io : new IOException(e.getMessage(), e);
        } finally {
            Files.deleteIfExists(folder);
        }
    }

    private static boolean answers(Path path) {
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            return probe.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel caller = server.accept();
                try {
                    threads.execute(() -> serve(caller));
                } catch (RejectedExecutionException busy) {
                    caller.close();
                }
            } catch (ClosedChannelException closed) {
                return;
            } catch (IOException e) {
                log.accept(path + ": " + e.getMessage());
            }
        }
    }

    private void serve(SocketChannel caller) {
        ScheduledFuture<?> late =
                timer.schedule(() -> closeQuietly(caller, "a request was too slow"), REQUEST_SECONDS, TimeUnit.SECONDS);
        try (caller) {
            var request = SignerFrames.receive(caller);
            if (late.cancel(false)) {
                SignerFrames.send(caller, SignerFrames.serve(request, registrar));
            }
        } catch (java.io.EOFException e) {
            return; // somebody looked whether anybody is here
        } catch (IOException | RuntimeException e) {
            log.accept("a request is not answered: " + e.getMessage());
        } finally {
            late.cancel(false);
        }
    }

    private void closeQuietly(SocketChannel caller, @Nullable String why) {
        try {
            caller.close();
            log.accept(String.valueOf(why));
        } catch (IOException e) {
            log.accept("a connection cannot be closed: " + e.getMessage());
        }
    }

    /** Answers what was asked, and goes. */
    @Override
    public void close() {
        try {
            server.close();
            threads.shutdown();
            if (!threads.awaitTermination(15, TimeUnit.SECONDS)) {
                log.accept("a request is not done yet");
            }
            timer.shutdownNow();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            log.accept(path + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            registrar.close();
        }
    }
}
