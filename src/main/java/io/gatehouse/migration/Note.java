package io.gatehouse.migration;

/**
 * Something the reader of an import has to know.
 *
 * @param id stable: I.. of access lists, M.. of configurations; docs/migration.md explains each
 * @param place {@code file:line}, or the file
 * @param kind whether it was carried otherwise, or not at all
 */
public record Note(String id, Kind kind, String place, String text) {
    /** How much a note asks of its reader. */
    public enum Kind {
        /** It works, and deliberately not just as it did. */
        DIFFERENT,
        /** Nothing of ours needs it. */
        DROPPED,
        /** It was not carried, and somebody has to do something. */
        TO_DO
    }

    @Override
    public String toString() {
        String word = switch (kind) {
            case DIFFERENT -> "differs";
            case DROPPED -> "dropped";
            case TO_DO -> "TO DO";
        };
        return place + ": " + id + " " + word + ": " + text;
    }
}
