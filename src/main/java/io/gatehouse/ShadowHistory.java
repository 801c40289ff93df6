package io.gatehouse;

import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.policy.lint.Shadows;
import io.gatehouse.policy.model.Policy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Since when each shadow statement has been in the policies of this broker, through all their revisions: a file's own date says
 * when it was copied, or when another line of it changed. Kept in the broker's own folder, for {@code policy lint}. Confined to
 * one load at a time.
 *
 * <p>Advice rests on it and no decision, so what cannot be read begins anew.
 */
public final class ShadowHistory {
    private static final Logger LOG = LoggerFactory.getLogger(ShadowHistory.class);
    private static final String FILE = "policy-shadows";
    private static final int MAX_BYTES = 4 << 20;
    private static final int MAX_SHADOWS = 10_000;

    private final Path file;

    public ShadowHistory(Path data) {
        this.file = data.resolve(FILE);
    }

    /** Since when each is there, by the words that say which it is. */
    public Map<String, Instant> since() {
        Map<String, Instant> since = new LinkedHashMap<>();
        try {
            if (!Files.exists(file) || Files.size(file) > MAX_BYTES) {
                return since;
            }
            for (String line : Files.readAllLines(file)) {
                int space = line.indexOf(' ');
                since.put(line.substring(space + 1), Instant.parse(line.substring(0, Math.max(space, 0))));
            }
        } catch (IOException | DateTimeException e) {
            LOG.warn("{} cannot be read, the history of shadows begins anew: {}", file, e.getMessage());
            return new LinkedHashMap<>();
        }
        return since;
    }

    /** A policy is in force: what is new in it is remembered, and what is gone is forgotten. */
    void reached(Policy policy, Instant now) {
        List<String> there = Shadows.of(policy).stream()
                .map(Shadows.Shadow::words)
                .distinct()
                .limit(MAX_SHADOWS)
                .toList();
        Map<String, Instant> before = since();
        if (before.isEmpty() && there.isEmpty()) {
            return;
        }
        Map<String, Instant> after = new LinkedHashMap<>();
        there.forEach(words -> after.put(words, before.getOrDefault(words, now.truncatedTo(ChronoUnit.SECONDS))));
        if (after.equals(before)) {
            return;
        }
        StringBuilder text = new StringBuilder();
        after.forEach(
                (words, since) -> text.append(since).append(' ').append(words).append('\n'));
        try {
            AtomicFiles.writePrivate(file, text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            LOG.warn("{} cannot be written: {}", file, e.getMessage());
        }
    }
}
