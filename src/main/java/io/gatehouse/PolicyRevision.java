package io.gatehouse;

import io.gatehouse.config.Place;
import io.gatehouse.config.Problem;
import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.policy.language.PolicyLoader.Loaded;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The highest revision of signed policies that was in force here: an older one, though well signed, is not taken again.
 * Kept in the broker's own folder. Confined to one load at a time.
 */
public final class PolicyRevision {
    private static final Logger LOG = LoggerFactory.getLogger(PolicyRevision.class);
    private static final String FILE = "policy-revision";
    private static final int MAX_BYTES = 128;
    private static final Pattern MARK = Pattern.compile("([1-9][0-9]{0,17}) ([0-9a-f]{64})\n");

    private final Path file;

    public PolicyRevision(Path data) {
        this.file = data.resolve(FILE);
    }

    /** Why a policy is refused that is older than what was in force; empty: it is not, or is not signed. */
    public Optional<Problem> refuses(Path folder, Loaded loaded) {
        if (loaded.revision().isEmpty() || !Files.exists(file)) {
            return Optional.empty();
        }
        long revision = loaded.revision().get();
        Matcher mark = MARK.matcher(read());
        if (!mark.matches()) {
            return Optional.of(Problem.error(
                    Place.whole(file.toString()),
                    "P161",
                    "which revision was in force cannot be read. Use --allow-rollback to begin again."));
        }
        long running = Long.parseLong(mark.group(1));
        Place place = Place.whole(folder + "/");
        if (revision < running) {
            return Optional.of(Problem.error(
                    place,
                    "P161",
                    "revision " + revision + " is older than the running revision " + running
                            + ". Use --allow-rollback."));
        }
        if (revision == running && !loaded.digest().equals(mark.group(2))) {
            return Optional.of(Problem.error(
                    place,
                    "P161",
                    "revision " + revision + " was in force with other files. Sign these with a higher one, or use"
                            + " --allow-rollback."));
        }
        return Optional.empty();
    }

    private String read() {
        try {
            return Files.size(file) > MAX_BYTES ? "" : new String(Files.readAllBytes(file), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            LOG.error("{} cannot be read: {}", file, e.getMessage());
            return "";
        }
    }

    /** A policy is in force. A mark that cannot be written keeps no policy out: it may take rights away. */
    void reached(Loaded loaded) {
        if (loaded.revision().isEmpty()) {
            return;
        }
        String mark = loaded.revision().get() + " " + loaded.digest() + "\n";
        try {
            if (!Files.exists(file) || !mark.equals(read())) {
                AtomicFiles.writePrivate(file, mark.getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException e) {
            LOG.error(
                    "{} cannot be written, and a restart would take an older policy than this: {}",
                    file,
                    e.getMessage());
        }
    }

    /** Begins again with whatever is signed: what {@code --allow-rollback} asks for. */
    public void forget() throws IOException {
        Files.deleteIfExists(file);
    }
}
