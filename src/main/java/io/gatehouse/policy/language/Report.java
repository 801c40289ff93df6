package io.gatehouse.policy.language;

import io.gatehouse.config.Place;
import io.gatehouse.config.Problem;
import io.gatehouse.config.Suggestion;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/** What is wrong with a folder of policies, while it is read. Confined to one load. */
final class Report {
    private final List<Problem> problems = new ArrayList<>();

    void error(Place place, String code, String message) {
        problems.add(Problem.error(place, code, message));
    }

    void warning(Place place, String code, String message) {
        problems.add(Problem.warning(place, code, message));
    }

    void add(Problem problem) {
        problems.add(problem);
    }

    boolean hasErrors() {
        return problems.stream().anyMatch(Problem::isError);
    }

    List<Problem> sorted() {
        return problems.stream().sorted().distinct().toList();
    }

    void unknownKey(Place place, String key, String where, Collection<String> known) {
        error(
                place,
                "P104",
                "unknown key \"" + key + "\" in " + where + ". "
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
