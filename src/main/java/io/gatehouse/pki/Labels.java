package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is said of a holder besides its name. It is journalled before its certificate, and holds for every later one until
 * something else is said. Immutable.
 *
 * @param uri in its certificates, in the place of the one that the authority's template makes; null: as it was
 * @param group for lists only, such as a hall or a customer; null: as it was
 */
public record Labels(@Nullable String uri, @Nullable String group) {
    public static final Labels NONE = new Labels(null, null);

    private static final int MAX_URI = 255;
    /** RFC 3986, 4.3, without what only programs that repair URIs take. */
    private static final Pattern URI =
            Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]+");
    /** It stands in tables without quoting. */
    private static final Pattern GROUP = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N} ._~:@/()+-]{0,63}");

    private static final String ID = "[A-Za-z0-9._~:@-]+";

    /** What can be judged of them alone. */
    void require(Profile profile) throws PkiProblem {
        if (uri != null && !profile.isClient()) {
            throw new PkiProblem(Kind.POLICY, "a certificate of the profile " + profile.word() + " has no URI");
        }
        if (uri != null && (uri.length() > MAX_URI || !URI.matcher(uri).matches())) {
            throw new PkiProblem(
                    Kind.INPUT,
                    "\"" + Profile.shown(uri) + "\" is not an absolute URI of at most " + MAX_URI
                            + " characters, such as urn:dev:org:32473-pump-7");
        }
        if (group != null && !GROUP.matcher(group).matches()) {
            throw new PkiProblem(
                    Kind.INPUT,
                    "\"" + Profile.shown(group)
                            + "\" cannot be a group: 1 to 64 letters, digits, spaces and . _ ~ - : @ /"
                            + " ( ) +, beginning with a letter or a digit");
        }
    }

    /**
     * Whom a URI names by a template, now or when there is somebody of that name; empty if it is nobody but its holder. A
     * broker may take the URI as the user name, so one holder with the URI of another is that other.
     */
    String another(String template, Profile profile, String id) {
        if (uri == null || template.isEmpty() || uri.equals(profile.uri(template, id))) {
            return "";
        }
        String clients = Arrays.stream(Profile.values())
                .filter(Profile::isClient)
                .map(Profile::word)
                .collect(Collectors.joining("|"));
        String form = Pattern.quote(template)
                .replaceFirst(Pattern.quote("{profile}"), Matcher.quoteReplacement("\\E(?<profile>" + clients + ")\\Q"))
                .replaceFirst(Pattern.quote("{id}"), Matcher.quoteReplacement("\\E(?<id>" + ID + ")\\Q"))
                .replace("{profile}", "\\E\\k<profile>\\Q")
                .replace("{id}", "\\E\\k<id>\\Q");
        Matcher matcher = Pattern.compile(form).matcher(uri);
        return matcher.matches() ? matcher.group("id") : "";
    }
}
