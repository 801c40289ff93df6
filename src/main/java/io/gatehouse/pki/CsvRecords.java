package io.gatehouse.pki;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The records of a table (CSV, RFC 4180): a cell may be quoted, a quote inside is doubled, and a quoted cell may span
 * lines. Confined to one thread.
 *
 * <p>A record with a fault is named and left out, and reading goes on with the next line, so that one slip does not take
 * the rest of the table with it.
 */
final class CsvRecords {
    /** @param line where it begins, from 1 */
    record Cells(int line, List<String> cells) {}

    /** Is told what cannot be read. */
    @FunctionalInterface
    interface Faults {
        void add(int line, String text);
    }

    private final String text;
    private final Faults faults;
    private int at;
    private int line = 1;

    CsvRecords(String text, Faults faults) {
        this.text = text.startsWith("\uFEFF") ? text.substring(1) : text;
        this.faults = faults;
    }

    /** The next record that is not a blank line; empty at the end. */
    Optional<Cells> next() {
        while (at < text.length()) {
            int first = line;
            List<String> cells = new ArrayList<>();
            boolean good;
            do {
                good = cell(cells);
            } while (good && takes(','));
            if (!good) {
                while (at < text.length() && !isBreak(text.charAt(at))) {
                    at++;
                }
            }
            lineEnd();
            if (good && (cells.size() > 1 || !cells.get(0).isBlank())) {
                return Optional.of(new Cells(first, cells));
            }
        }
        return Optional.empty();
    }

    /** Takes a cell up to its comma, or the end of the line. False: it has a fault, which was named. */
    private boolean cell(List<String> cells) {
        int begin = at;
        blanks();
        if (takes('"')) {
            return quoted(cells);
        }
        while (at < text.length() && text.charAt(at) != ',' && !isBreak(text.charAt(at))) {
            if (text.charAt(at) == '"') {
                faults.add(line, "a quote inside a cell; put the whole cell in quotes and double the one inside");
                return false;
            }
            at++;
        }
        cells.add(text.substring(begin, at));
        return true;
    }

    private boolean quoted(List<String> cells) {
        int opened = line;
        int after = at;
        StringBuilder cell = new StringBuilder();
        while (at < text.length()) {
            if (takes('"')) {
                if (!takes('"')) {
                    return closed(opened, cell, cells);
                }
                cell.append('"');
            } else if (isBreak(text.charAt(at))) {
                lineEnd();
                cell.append('\n');
            } else {
                cell.append(text.charAt(at++));
            }
        }
        at = after; // the next line may be good
        line = opened;
        faults.add(opened, "a quote is opened and not closed");
        return false;
    }

    private boolean closed(int opened, StringBuilder cell, List<String> cells) {
        blanks();
        if (at < text.length() && text.charAt(at) != ',' && !isBreak(text.charAt(at))) {
            String where = opened == line ? "" : ", which was opened on line " + opened;
            faults.add(line, "text after the quote that closes a cell" + where + "; a quote inside is doubled");
            return false;
        }
        cells.add(cell.toString());
        return true;
    }

    private void blanks() {
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
            at++;
        }
    }

    private boolean takes(char wanted) {
        boolean found = at < text.length() && text.charAt(at) == wanted;
        at += found ? 1 : 0;
        return found;
    }

    private void lineEnd() {
        if (takes('\r')) {
            takes('\n');
            line++;
        } else if (takes('\n')) {
            line++;
        }
    }

    private static boolean isBreak(char c) {
        return c == '\n' || c == '\r';
    }
}
