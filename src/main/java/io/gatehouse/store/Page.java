package io.gatehouse.store;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some of a session's queue, oldest first.
 *
 * @param failure why it could not be read; null: it could
 */
public record Page(List<QueueEntry> entries, @Nullable String failure) {
    public Page {
        entries = List.copyOf(entries);
    }
}
