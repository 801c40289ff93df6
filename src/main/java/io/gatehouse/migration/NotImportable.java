package io.gatehouse.migration;

import java.util.List;

/** Files that cannot be imported as they are; nothing comes of them. Each line has its place and its mend. */
public final class NotImportable extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<String> lines;

    NotImportable(List<String> lines) {
        super(String.join(System.lineSeparator(), lines), null, false, false);
        this.lines = List.copyOf(lines);
    }

    public List<String> lines() {
        return lines;
    }
}
