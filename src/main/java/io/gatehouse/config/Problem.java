package io.gatehouse.config;

import java.util.Locale;

/**
 * One thing wrong with a file: where, what, and the mend.
 *
 * @param code stable, such as {@code P104}; empty where the kind has none
 * @param message lower case or a sentence, with the input in quotes; never a secret
 */
public record Problem(Place place, Severity severity, String code, String message) implements Comparable<Problem> {

    /** Whether it stops the load. */
    public enum Severity {
        ERROR,
        WARNING
    }

    public static Problem error(Place place, String code, String message) {
        return new Problem(place, Severity.ERROR, code, message);
    }

    public static Problem error(Place place, String message) {
        return new Problem(place, Severity.ERROR, "", message);
    }

    public static Problem warning(Place place, String code, String message) {
        return new Problem(place, Severity.WARNING, code, message);
    }

    public boolean isError() {
        return severity == Severity.ERROR;
    }

    @Override
    public int compareTo(Problem other) {
        int byPlace = place.compareTo(other.place);
        return byPlace != 0 ? byPlace : message.compareTo(other.message);
    }

    /** {@code file:line:col: error P104: message}. */
    @Override
    public String toString() {
        String kind = severity.name().toLowerCase(Locale.ROOT);
        return place + ": " + kind + (code.isEmpty() ? "" : " " + code) + ": " + message;
    }
}
