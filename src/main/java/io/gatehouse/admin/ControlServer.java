package io.gatehouse.admin;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to ask a running broker: a Unix domain socket in its data folder, which only the folder's owner can open. Any
 * thread.
 *
 * <p>Who may administer is who owns the process's files, as with the files themselves: no port, no password, nothing to
 * configure. A connection brings one request, a line of JSON {@code {"command": ..., "arguments": {...}}}, and gets one line
 * back, {@code {"ok": true, "result": {...}}} or {@code {"ok": false, "error": "..."}}. Every command is an audit event.
 *
 * <p>The socket also says whose the folder is: a second broker on the same data folder finds it answered, and does not
 * start.
 */
public final class ControlServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

    /** The socket's name in the data folder. */
    public static final String FILE = "control.sock";

    static final int MAX_REQUEST_BYTES = 64 << 10;
    private static final int MAX_AT_ONCE = 4;
    private static final int MAX_WAITING = 16;
    private static final long REQUEST_SECONDS = 5;

    private final Path path;
    private final ScheduledExecutorService timer;
    private final ServerSocketChannel server;
    private final Map<String, ControlCommand> commands = new ConcurrentHashMap<>();
    private final ThreadPoolExecutor threads;
    private volatile AuditLog audit = event -> {};

    private ControlServer(Path path, ScheduledExecutorService timer, ServerSocketChannel server) {
        this.path = path;
        this.timer = timer;
        this.server = server;
        this.threads = new ThreadPoolExecutor(
                MAX_AT_ONCE, MAX_AT_ONCE, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING), task -> {
                    Thread thread = new Thread(task, "gatehouse-control");
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Takes the socket of a data folder, which is made (mode 0700) where it is missing. It answers after {@link #start}.
     *
     * @param timer ends requests that do not come to their end
     * @throws IOException if another broker answers there, or the socket cannot be made; with the mend
     */
    public static ControlServer open(Path dataFolder, ScheduledExecutorService timer) throws IOException {
        if (!Files.isDirectory(dataFolder)) {
            Files.createDirectories(
                    dataFolder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        Path path = dataFolder.resolve(FILE);
        if (Files.exists(path)) {
            if (answers(path)) {
                throw new IOException(
                        dataFolder + ": another broker runs on this folder. Stop it, or give this one another 'data:'");
            }
            Files.delete(path); // a broker that was killed left it
        }
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException | RuntimeException e) {
            server.close();
            throw new IOException(
                    path + ": the control socket cannot be made: " + e.getMessage()
                            + ". A folder with a shorter path, writable by the broker, is what it needs",
                    e);
        }
        return new ControlServer(path, timer, server);
    }

    /** Answers from now on; every command is known by then. */
    public void start(AuditLog log) {
        audit = log;
        Thread acceptor = new Thread(this::accept, "gatehouse-control-accept");
        acceptor.setDaemon(true);
        acceptor.start();
    }

    private static boolean answers(Path path) {
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            return probe.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** Lets callers ask for a command by name. */
    public ControlServer command(String name, ControlCommand command) {
        if (commands.putIfAbsent(name, command) != null) {
            throw new IllegalArgumentException("there is a command \"" + name + "\" already");
        }
        return this;
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
            } catch (AsynchronousCloseException closed) {
                return;
            } catch (IOException e) {
                if (server.isOpen()) {
                    LOG.warn("the control socket: {}", e.getMessage());
                }
            }
        }
    }

    private void serve(SocketChannel caller) {
        try (caller) {
            ScheduledFuture<?> deadline = timer.schedule(() -> closeQuietly(caller), REQUEST_SECONDS, TimeUnit.SECONDS);
            String request = line(caller);
            deadline.cancel(false);
            byte[] answer = (Json.line(answer(request)) + "\n").getBytes(StandardCharsets.UTF_8);
            for (ByteBuffer out = ByteBuffer.wrap(answer); out.hasRemaining(); ) {
                caller.write(out);
            }
        } catch (ClosedChannelException slow) {
            LOG.debug("a control request did not come to its end");
        } catch (IOException e) {
            LOG.debug("a control request: {}", e.getMessage());
        }
    }

    private static void closeQuietly(SocketChannel caller) {
        try {
            caller.close();
        } catch (IOException e) {
            LOG.debug("a control request: {}", e.getMessage());
        }
    }

    /** Reads up to the end of a line, or of the request. */
    private static String line(SocketChannel caller) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        ByteBuffer in = ByteBuffer.allocate(4096);
        while (caller.read(in) >= 0) {
            in.flip();
            while (in.hasRemaining()) {
                byte next = in.get();
                if (next == '\n') {
                    return read.toString(StandardCharsets.UTF_8);
                }
                if (read.size() == MAX_REQUEST_BYTES) {
                    return "";
                }
                read.write(next);
            }
            in.clear();
        }
        return read.toString(StandardCharsets.UTF_8);
    }

    private Map<String, @Nullable Object> answer(String request) {
        String name = "";
        try {
            Map<String, Object> asked = Json.object(request);
            name = String.valueOf(asked.get("command"));
            ControlCommand command = commands.get(name);
            if (command == null) {
                return error("unknown command \"" + printable(name) + "\"; known: "
                        + String.join(", ", new TreeSet<>(commands.keySet())));
            }
            Map<String, @Nullable Object> result = command.run(arguments(asked.get("arguments")));
            audit.record(new AuditEvent.Broker("control", Map.of("command", name, "outcome", "done")));
            Map<String, @Nullable Object> answer = new LinkedHashMap<>();
            answer.put("ok", true);
            answer.put("result", result);
            return answer;
        } catch (Json.NotJson e) {
            return error("a request is one line of JSON, at most " + MAX_REQUEST_BYTES + " bytes: " + e.getMessage());
        } catch (ControlCommand.Refused e) {
            audit.record(new AuditEvent.Broker(
                    "control",
                    Map.of("command", name, "outcome", "refused", "detail", String.valueOf(e.getMessage()))));
            return error(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            LOG.error("the command \"{}\" failed", name, e);
            audit.record(new AuditEvent.Broker("control", Map.of("command", name, "outcome", "failed")));
            return error("it failed; the broker's log says why");
        }
    }

    private static Map<String, String> arguments(@Nullable Object given) {
        Map<String, String> arguments = new LinkedHashMap<>();
        if (given instanceof Map<?, ?> map) {
            map.forEach((key, value) -> arguments.put(String.valueOf(key), String.valueOf(value)));
        }
        return arguments;
    }

    private static Map<String, @Nullable Object> error(String message) {
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("ok", false);
        answer.put("error", message);
        return answer;
    }

    private static String printable(String text) {
        String cut = text.length() > 64 ? text.substring(0, 64) : text;
        return cut.replaceAll("[^ -~]", "?");
    }

    @Override
    public void close() throws IOException {
        server.close();
        threads.shutdownNow();
        Files.deleteIfExists(path);
    }
}
