package io.gatehouse.interop;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.testcontainers.containers.ContainerLaunchException;

/**
 * Chooses where Mosquitto's programs come from: {@code -Dmosquitto.backend=docker}, {@code local} or {@code auto}.
 *
 * <p>{@code auto} takes a container whose image is there, then this machine's programs, then a container whose image
 * has to be fetched. With none of them the tests are skipped and say so loudly; with {@code -Dgatehouse.ci=true} they
 * fail.
 */
final class ClientBackend {
    private static final String IMAGE = System.getProperty("mosquitto.image", "eclipse-mosquitto:2");

    private ClientBackend() {}

    /** The clients, which see the files of {@code folder}; skips or fails the calling class where there are none. */
    static MosquittoClients choose(Path folder) {
        String wanted = System.getProperty("mosquitto.backend", "auto");
        Optional<MosquittoClients> clients = switch (wanted) {
            case "docker" ->
                ContainerClients.engineAnswers()
                        ? Optional.of(ContainerClients.start(IMAGE, folder))
                        : Optional.empty();
            case "local" -> LocalClients.find(folder);
            case "auto" ->
                presentImage(folder).or(() -> LocalClients.find(folder)).or(() -> fetchedImage(folder));
            default ->
                throw new IllegalArgumentException(
                        "unknown -Dmosquitto.backend '" + wanted + "': auto, docker or local");
        };
        clients.ifPresent(found -> System.out.println("mosquitto programs: " + found.description()));
        return clients.orElseGet(() -> skip(wanted));
    }

    private static Optional<MosquittoClients> presentImage(Path folder) {
        return ContainerClients.engineAnswers() && ContainerClients.hasImage(IMAGE)
                ? Optional.of(ContainerClients.start(IMAGE, folder))
                : Optional.empty();
    }

    private static Optional<MosquittoClients> fetchedImage(Path folder) {
        if (!ContainerClients.engineAnswers()) {
            return Optional.empty();
        }
        try {
            return Optional.of(ContainerClients.start(IMAGE, folder));
        } catch (ContainerLaunchException unavailable) {
            System.out.println("the image " + IMAGE + " cannot be had: " + unavailable.getMessage());
            return Optional.empty();
        }
    }

    private static MosquittoClients skip(String wanted) {
        String what = "no mosquitto programs for -Dmosquitto.backend=" + wanted;
        System.out.println("""

                ################################################################################
                #  SKIPPED: the interoperability tests with Mosquitto's own programs.
                #  Why:     %s
                #  Mend:    apt-get install mosquitto-clients   (or your system's package)
                #           or start Docker: the image %s is used
                #           (another one: -Dmosquitto.image=NAME)
                ################################################################################
                """.formatted(what, IMAGE));
        if (Boolean.getBoolean("gatehouse.ci")) {
            throw new AssertionError(what + ", and -Dgatehouse.ci=true forbids to skip");
        }
        return Assumptions.abort(what);
    }
}
