package io.gatehouse.config;

import java.util.Collection;
import java.util.Optional;

/** "Did you mean": the nearest legal word. Stateless. */
public final class Suggestion {
    private static final int FURTHEST = 2;

    private Suggestion() {}

    /** The legal word within two edits (a swap of neighbours is one), nearest first. */
    public static Optional<String> nearest(String word, Collection<String> legal) {
        String best = null;
        int bestDistance = FURTHEST + 1;
        for (String candidate : legal) {
            int distance = distance(word, candidate);
            // a word of two letters is two edits away from everything
            if (distance < bestDistance && distance < Math.max(2, candidate.length())) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return Optional.ofNullable(best);
    }

    /** Damerau-Levenshtein distance (optimal string alignment). */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            d[i][0] = i;
        }
        for (int j = 0; j <= b.length(); j++) {
            d[0][j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            for (int j = 1; j <= b.length(); j++) {
                int cost = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(Math.min(d[i - 1][j] + 1, d[i][j - 1] + 1), d[i - 1][j - 1] + cost);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
