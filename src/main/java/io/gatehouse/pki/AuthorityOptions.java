package io.gatehouse.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a new authority is.
 *
 * @param organisation in every subject
 * @param country of two letters, in the names of the authorities; empty: in none
 * @param uriTemplate the one URI in a client's certificate, with {@code {profile}} and {@code {id}}; empty for none
 * @param rootKeyFolder where the root's key goes, for a root that is kept offline; null for beside the others
 * @param keys of the root and of the two issuing authorities; null: as the profiles say
 * @param derivation of the keys that encrypt them
 * @param root one that is there already, to stand above the new issuing authorities; null: one is made
 * @param hosts which ones the authority of servers may certify; null: all
 */
public record AuthorityOptions(
        String organisation,
        String country,
        String uriTemplate,
        Duration rootValidity,
        @Nullable Path rootKeyFolder,
        @Nullable KeyKind keys,
        KeyDerivation derivation,
        @Nullable ImportedRoot root,
        @Nullable NameConstraint hosts) {
    public static final String DEFAULT_URI = "urn:gatehouse:{profile}:{id}";

    public static AuthorityOptions of(String organisation) {
        return new AuthorityOptions(
                organisation,
                "",
                DEFAULT_URI,
                ProfileBook.builtIn().of(ProfileKind.ROOT).validity(),
                null,
                null,
                KeyDerivation.SCRYPT,
                null,
                null);
    }

    public AuthorityOptions withCountry(String code) {
        return new AuthorityOptions(
                organisation, code, uriTemplate, rootValidity, rootKeyFolder, keys, derivation, root, hosts);
    }

    public AuthorityOptions withUriTemplate(String template) {
        return new AuthorityOptions(
                organisation, country, template, rootValidity, rootKeyFolder, keys, derivation, root, hosts);
    }

    public AuthorityOptions withRootValidity(Duration validity) {
        return new AuthorityOptions(
                organisation, country, uriTemplate, validity, rootKeyFolder, keys, derivation, root, hosts);
    }

    public AuthorityOptions withRootKeyFolder(Path folder) {
        return new AuthorityOptions(
                organisation, country, uriTemplate, rootValidity, folder, keys, derivation, root, hosts);
    }

    public AuthorityOptions withKeys(KeyKind kind) {
        return new AuthorityOptions(
                organisation, country, uriTemplate, rootValidity, rootKeyFolder, kind, derivation, root, hosts);
    }

    public AuthorityOptions withDerivation(KeyDerivation how) {
        return new AuthorityOptions(
                organisation, country, uriTemplate, rootValidity, rootKeyFolder, keys, how, root, hosts);
    }

    public AuthorityOptions withRoot(ImportedRoot imported) {
        return new AuthorityOptions(
                organisation, country, uriTemplate, rootValidity, rootKeyFolder, keys, derivation, imported, hosts);
    }

    public AuthorityOptions withHosts(NameConstraint constraint) {
        return new AuthorityOptions(
                organisation, country, uriTemplate, rootValidity, rootKeyFolder, keys, derivation, root, constraint);
    }

    /** Refuses what no authority can be made of, or not there: before there is so much as a folder. */
    public void requirePossible(Path folder, Clock clock) throws PkiProblem {
        AuthorityFolder places = new AuthorityFolder(folder);
        if (places.isWhole()) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT, folder + ": holds an authority already; it is never overwritten");
        }
        require();
        try {
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                places.requirePrivate();
            }
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, folder + ": cannot be read: " + e.getMessage());
        }
        new Foundation(places, this, clock).require();
    }

    void require() throws PkiProblem {
        ProfileSettings rootProfile = ProfileBook.builtIn().of(ProfileKind.ROOT);
        if (rootValidity.isNegative() || rootValidity.isZero() || rootValidity.compareTo(rootProfile.most()) > 0) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT,
                    "a root is valid for 1 to " + rootProfile.most().toDays() + " days");
        }
        if (keys != null && !rootProfile.accepts().contains(keys)) {
            throw new PkiProblem(
                    PkiProblem.Kind.POLICY,
                    "authorities have no keys of the kind " + keys.word() + "; every device has to" + " verify them");
        }
        if (organisation.isBlank()
                || organisation.length() > 64
                || organisation.codePoints().anyMatch(c -> c < 0x20 || c == 0x7F)) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT, "the organisation has 1 to 64 characters, none of them a control character");
        }
        if (!country.isEmpty() && !country.matches("[A-Z]{2}")) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT,
                    "\"" + Profile.shown(country) + "\" is not a country of two letters (ISO 3166), such as DE");
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
