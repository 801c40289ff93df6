package io.gatehouse;

import java.util.List;

/** Why a broker does not start, or a reload is not taken: lines for whoever has to mend it. */
public final class CannotStart extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<String> lines;

    CannotStart(List<String> lines) {
        super(String.join(System.lineSeparator(), lines), null, false, false);
        this.lines = List.copyOf(lines);
    }

    public List<String> lines() {
        return lines;
    }
}
