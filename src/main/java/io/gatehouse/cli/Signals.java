package io.gatehouse.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signals of an operating system that has them.
 *
 * <p>By reflection: the class that handles signals is in every JDK and in none of its specifications, and a program that
 * names it does not compile without a warning.
 */
final class Signals {
    /** As shells count: 128 and the number of SIGINT. */
    private static final int INTERRUPTED = 130;

    private Signals() {}

    /** Runs a task, on a thread of its own, whenever SIGHUP comes. */
    static void onHangUp(Runnable task) {
        handle("HUP", () -> new Thread(task, "gatehouse-reload").start());
    }

    /**
     * From now on Ctrl-C, SIGTERM and the end of the terminal run a task instead of ending the process, so that it ends with
     * a code of its own; the second of them ends it at once. Returns how to undo it.
     */
    static Runnable onInterrupt(Runnable task) {
        AtomicBoolean once = new AtomicBoolean();
        Runnable handler = () -> {
            if (once.getAndSet(true)) {
                Runtime.getRuntime().halt(INTERRUPTED);
            }
            task.run();
        };
        List<Runnable> undo = Stream.of("INT", "TERM", "HUP")
                .map(name -> handle(name, handler))
                .toList();
        return () -> undo.forEach(Runnable::run);
    }

    /** Returns how to undo it. */
    private static Runnable handle(String name, Runnable task) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object ours = Proxy.newProxyInstance(
                    handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            task.run();
                        }
                        return null;
                    });
            Method handle = signal.getMethod("handle", signal, handler);
            Object which = signal.getConstructor(String.class).newInstance(name);
            Object before = handle.invoke(null, which, ours);
            return () -> restore(handle, which, before);
        } catch (ReflectiveOperationException e) {
            Throwable why = e instanceof InvocationTargetException ? e.getCause() : e;
            log().info(
                            "there is no SIG{} here ({}); what it would do happens in other ways",
                            name,
                            String.valueOf(why));
            return () -> {};
        }
    }

    private static void restore(Method handle, Object which, Object before) {
        try {
            handle.invoke(null, which, before);
        } catch (ReflectiveOperationException e) {
            log().warn("a signal's handler cannot be put back: {}", String.valueOf(e));
        }
    }

    /** Made when there is something to say: a short command is over before all that a logger needs is read. */
    private static Logger log() {
        return LoggerFactory.getLogger(Signals.class);
    }
}
