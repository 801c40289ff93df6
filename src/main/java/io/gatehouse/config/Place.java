package io.gatehouse.config;

/**
 * Where something stands in a file, as editors count: line and column from 1.
 *
 * @param file as the user named it
 */
public record Place(String file, int line, int column) implements Comparable<Place> {

    /** The file as a whole. */
    public static Place start(String file) {
        return new Place(file, 1, 1);
    }

    @Override
    public int compareTo(Place other) {
        int byFile = file.compareTo(other.file);
        int byLine = byFile != 0 ? byFile : Integer.compare(line, other.line);
        return byLine != 0 ? byLine : Integer.compare(column, other.column);
    }

    /** {@code file:line}: how a rule is cited. */
    public String fileAndLine() {
        return file + ":" + line;
    }

    @Override
    public String toString() {
        return file + ":" + line + ":" + column;
    }
}
