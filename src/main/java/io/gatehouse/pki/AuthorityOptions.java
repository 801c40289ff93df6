package io.gatehouse.pki;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a new authority is.
 *
 * @param organisation in every subject
 * @param uriTemplate the one URI in a client's certificate, with {@code {profile}} and {@code {id}}; empty for none
 * @param rootKeyFolder where the root's key goes, for a root that is kept offline; null for beside the others
 */
public record AuthorityOptions(
        String organisation,
        String uriTemplate,
        Duration rootValidity,
        @Nullable Path rootKeyFolder) {
    public static final String DEFAULT_URI = "urn:gatehouse:{profile}:{id}";

    /** An administrator needs no reason to renew a root often; twenty years outlive most devices. */
    private static final Duration ROOT_VALIDITY = Duration.ofDays(20 * 365);

    public static AuthorityOptions of(String organisation) {
        return new AuthorityOptions(organisation, DEFAULT_URI, ROOT_VALIDITY, null);
    }

    public AuthorityOptions withUriTemplate(String template) {
        return new AuthorityOptions(organisation, template, rootValidity, rootKeyFolder);
    }

    public AuthorityOptions withRootKeyFolder(Path folder) {
        return new AuthorityOptions(organisation, uriTemplate, rootValidity, folder);
    }

    void require() throws PkiProblem {
        if (organisation.isBlank()
                || organisation.length() > 64
                || organisation.codePoints().anyMatch(c -> c < 0x20 || c == 0x7F)) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT, "the organisation has 1 to 64 characters, none of them a control character");
        }
        boolean plain = uriTemplate.chars().allMatch(c -> c > 0x20 && c < 0x7F && "\"<>\\^`|".indexOf(c) < 0);
        if (!uriTemplate.isEmpty() && (!plain || !uriTemplate.contains("{id}") || uriTemplate.indexOf(':') < 1)) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT,
                    "the URI template \"" + uriTemplate.replaceAll("\\p{Cntrl}", "?")
                            + "\" is not a URI with {id} in it, such as " + DEFAULT_URI);
        }
    }
}
