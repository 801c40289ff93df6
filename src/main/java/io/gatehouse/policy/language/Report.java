package io.gatehouse.policy.language;

import io.gatehouse.config.Place;
import io.gatehouse.config.Problem;
import io.gatehouse.config.Suggestion;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What is wrong with a folder of policies, while it is read. Confined to one load. */
final class Report {
    /** What is said of names: of no use where a file that may define them could not be read. */
    private static final Set<String> ABOUT_NAMES = Set.of("P112", "P120", "P123");

    private final List<Problem> problems = new ArrayList<>();
    private boolean incomplete;

    void error(Place place, String code, String message) {
        problems.add(Problem.error(place, code, message));
    }

    void warning(Place place, String code, String message) {
        problems.add(Problem.warning(place, code, message));
    }

    void add(Problem problem) {
        problems.add(problem);
    }

    /** A file could not be read: what it defines is not known. */
    void incomplete() {
        incomplete = true;
    }

    boolean hasErrors() {
        return problems.stream().anyMatch(Problem::isError);
    }

    List<Problem> sorted() {
        return problems.stream()
                .filter(problem -> !incomplete || !ABOUT_NAMES.contains(problem.code()))
                .sorted()
                .distinct()
                .toList();
    }

    void unknownKey(Place place, String key, String where, Collection<String> known) {
        error(
                place,
                "P104",
                "unknown key \"" + Patterns.printable(key) + "\" in " + where + ". "
                        + Suggestion.nearest(key, known)
                                .map(word -> "Did you mean \"" + word + "\"?")
                                .orElseGet(() -> "Known keys: " + String.join(", ", new TreeSet<>(known)) + "."));
    }

    static String didYouMean(String word, Collection<String> known, String open, String close) {
        return Suggestion.nearest(word, known)
                .map(found -> " Did you mean " + open + found + close + "?")
                .orElse("");
    }
}
