package io.gatehouse.config;

/**
 * Where something stands in a file, as editors count: line and column from 1.
 *
 * @param file as the user named it
 * @param line 0: the file or folder as a whole, which no line of it is to blame for
 */
public record Place(String file, int line, int column) implements Comparable<Place> {

    /** Its first character. */
    public static Place start(String file) {
        return new Place(file, 1, 1);
    }

    /** A file or folder as a whole: its name is all there is to say. */
    public static Place whole(String file) {
        return new Place(file, 0, 0);
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
        return line == 0 ? file : file + ":" + line + ":" + column;
    }
}
