package io.gatehouse.interop;

import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * Mosquitto's programs inside one container that lives as long as the test class.
 *
 * <p>The container only sleeps; each program is executed in it under {@code timeout}, since an abandoned execution
 * would otherwise go on. On Linux it shares the host's network; elsewhere the engine runs in a virtual machine whose
 * name for the host is {@code host.docker.internal}.
 */
final class ContainerClients implements MosquittoClients {
    private static final boolean LINUX = System.getProperty("os.name").startsWith("Linux");

    private final GenericContainer<?> container;
    private final String image;
    private final AtomicInteger started = new AtomicInteger();

    private ContainerClients(GenericContainer<?> container, String image) {
        this.container = container;
        this.image = image;
    }

    /** Whether an engine answers. */
    static boolean engineAnswers() {
        return DockerClientFactory.instance().isDockerAvailable();
    }

    /** Whether the engine has the image already; fetching one that cannot be had takes minutes to fail. */
    static boolean hasImage(String image) {
        try {
            DockerClientFactory.lazyClient().inspectImageCmd(image).exec();
            return true;
        } catch (NotFoundException absent) {
            return false;
        }
    }

    /** Starts the container; the image is fetched where the engine has none of that name. */
    static ContainerClients start(String image, Path folder) {
        GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(image))
                .withCreateContainerCmdModifier(
                        command -> command.withEntrypoint("sleep").withCmd("infinity"))
                .withLabel("io.gatehouse.test", "interop")
                .withFileSystemBind(folder.toString(), folder.toString(), BindMode.READ_WRITE);
        if (LINUX) {
            container.withNetworkMode("host");
        } else {
            container.withExtraHost("host.docker.internal", "host-gateway");
        }
        container.start();
        return new ContainerClients(container, image);
    }

    @Override
    public String host() {
        return LINUX ? "localhost" : "host.docker.internal";
    }

    @Override
    public String description() {
        return "a container of " + image;
    }

    @Override
    public Running start(String program, List<String> arguments) {
        // The program's own process id is written down, so that a signal reaches it and not its guard.
        String pidFile = "/tmp/program-" + started.incrementAndGet();
        List<String> command = new ArrayList<>(List.of(
                "timeout",
                Long.toString(Running.LONGEST.toSeconds()),
                "sh",
                "-c",
                "echo $$ >" + pidFile + "; exec \"$@\"",
                "sh",
                program));
        command.addAll(arguments);
        DockerClient client = container.getDockerClient();
        String execution = execution(client, command);
        Output output = client.execStartCmd(execution).exec(new Output());
        return new ContainerProgram(client, execution, output, pidFile);
    }

    private String execution(DockerClient client, List<String> command) {
        return client.execCreateCmd(container.getContainerId())
                .withAttachStdout(true)
                .withAttachStderr(true)
                .withCmd(command.toArray(String[]::new))
                .exec()
                .getId();
    }

    @Override
    public void close() {
        container.stop();
    }

    /** Collects on the engine client's thread what the test's thread reads. */
    private static final class Output extends ResultCallback.Adapter<Frame> {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private final ByteArrayOutputStream err = new ByteArrayOutputStream();
        private volatile boolean complete;

        @Override
        public void onNext(Frame frame) {
            (frame.getStreamType() == StreamType.STDERR ? err : out).writeBytes(frame.getPayload());
        }

        @Override
        public void onComplete() {
            complete = true;
            super.onComplete();
        }
    }

    private final class ContainerProgram extends Running {
        private final DockerClient client;
        private final String execution;
        private final Output output;
        private final String pidFile;

        ContainerProgram(DockerClient client, String execution, Output output, String pidFile) {
            this.client = client;
            this.execution = execution;
            this.output = output;
            this.pidFile = pidFile;
        }

        @Override
        String out() {
            return output.out.toString(StandardCharsets.UTF_8);
        }

        @Override
        String err() {
            return output.err.toString(StandardCharsets.UTF_8);
        }

        @Override
        OptionalInt exit() {
            if (!output.complete) {
                return OptionalInt.empty();
            }
            Long code = client.inspectExecCmd(execution).exec().getExitCodeLong();
            return code == null ? OptionalInt.empty() : OptionalInt.of(Math.toIntExact(code));
        }

        @Override
        void terminate() {
            signal("TERM");
        }

        @Override
        void kill() {
            signal("KILL");
            await("the killed program's end").until(() -> exit().isPresent());
        }

        private void signal(String name) {
            String kill = execution(
                    client, List.of("timeout", "10", "sh", "-c", "kill -" + name + " $(cat " + pidFile + ")"));
            try (Output ignored = client.execStartCmd(kill).exec(new Output())) {
                await("the signal").until(() -> ignored.complete);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
