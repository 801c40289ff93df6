package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The profiles of an authority: the built-in ones, or those of its folder where it has its own. Immutable.
 *
 * <p>{@code profiles/NAME.yaml} in an authority's folder takes the place of the built-in profile of that name.
 */
public final class ProfileBook {
    private static final String FOLDER = "profiles";
    private static final String ENDING = ".yaml";
    private static final ProfileBook BUILT_IN = new ProfileBook(builtInSettings());

    private final Map<ProfileKind, ProfileSettings> settings;

    private ProfileBook(Map<ProfileKind, ProfileSettings> settings) {
        this.settings = settings;
    }

    public static ProfileBook builtIn() {
        return BUILT_IN;
    }

    /** The text of a built-in profile, to begin one's own with. */
    public static String builtInText(String name) throws PkiProblem {
        ProfileKind kind = ProfileKind.of(name)
                .orElseThrow(() -> new PkiProblem(
                        Kind.NOT_FOUND,
                        "\"" + Profile.shown(name) + "\" is not a profile; there are " + ProfileKind.names()));
        return resource(kind);
    }

    /** What a built-in profile says, for programs. */
    public static Map<String, Object> builtInFields(String name) throws PkiProblem {
        builtInText(name); // or there is none of this name
        return BUILT_IN.of(ProfileKind.of(name).orElseThrow()).fields();
    }

    /**
     * The profiles of an authority's folder, over the built-in ones.
     *
     * @throws PkiProblem with every mistake of a file there
     */
    public static ProfileBook of(Path authority) throws PkiProblem {
        Path folder = authority.resolve(FOLDER);
        if (!Files.isDirectory(folder)) {
            return BUILT_IN;
        }
        Map<ProfileKind, ProfileSettings> all = new EnumMap<>(BUILT_IN.settings);
        for (ProfileKind kind : ProfileKind.values()) {
            Path file = folder.resolve(kind.word() + ENDING);
            if (Files.exists(file)) {
                all.put(kind, own(file, kind));
            }
        }
        return new ProfileBook(all);
    }

    private static ProfileSettings own(Path file, ProfileKind kind) throws PkiProblem {
        ProfileSettings own = ProfileReader.read(file.toString(), new String(Pem.bytes(file), StandardCharsets.UTF_8));
        if (!own.name().equals(kind.word())) {
            throw new PkiProblem(
                    Kind.INPUT, file + ":1:1: it says profile: " + own.name() + ", and is named otherwise");
        }
        return own;
    }

    /**
     * The same, with the keys of RSA with 2048 bits that devices of old cannot do better than.
     *
     * @throws PkiProblem if the profile may not take them whatever its file says
     */
    public ProfileBook withRsa2048(Profile profile) throws PkiProblem {
        ProfileKind kind = profile.kind();
        if (!kind.mayHaveRsa2048()) {
            throw new PkiProblem(
                    Kind.POLICY, "keys of RSA with 2048 bits are for devices, not for the profile " + profile.word());
        }
        Map<ProfileKind, ProfileSettings> all = new EnumMap<>(settings);
        all.put(kind, of(kind).accepting(KeyKind.RSA2048));
        return new ProfileBook(all);
    }

    /** What is wrong with the files of an authority's folder: every mistake in each, and those that nobody reads. */
    static List<String> faults(Path authority) throws IOException {
        Path folder = authority.resolve(FOLDER);
        List<String> faults = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            return faults;
        }
        List<Path> all;
        try (Stream<Path> files = Files.list(folder)) {
            all = files.filter(file -> !String.valueOf(file.getFileName()).startsWith("."))
                    .sorted()
                    .toList();
        }
        for (Path file : all) {
            String name = String.valueOf(file.getFileName());
            Optional<ProfileKind> kind = name.endsWith(ENDING)
                    ? ProfileKind.of(name.substring(0, name.length() - ENDING.length()))
                    : Optional.empty();
            if (kind.isPresent()) {
                faults.addAll(faults(file, kind.get()));
            } else {
                faults.add(
                        file + ": no profile is called so, and nobody reads it. Rename it, or move it elsewhere; there"
                                + " are " + ProfileKind.names() + ", each with " + ENDING);
            }
        }
        return faults;
    }

    private static List<String> faults(Path file, ProfileKind kind) {
        try {
            own(file, kind);
            return List.of();
        } catch (PkiProblem e) {
            Stream<String> texts = e.faults().isEmpty()
                    ? Stream.of(String.valueOf(e.getMessage()))
                    : e.faults().stream().map(PkiProblem.Fault::text);
            return texts.map(text ->
                            text + ". Nothing is issued or revoked until it is mended; a good one to begin with:"
                                    + " gatehouse certs profile " + kind.word())
                    .toList();
        }
    }

    ProfileSettings of(ProfileKind kind) {
        return Objects.requireNonNull(settings.get(kind));
    }

    private static Map<ProfileKind, ProfileSettings> builtInSettings() {
        Map<ProfileKind, ProfileSettings> all = new EnumMap<>(ProfileKind.class);
        try {
            for (ProfileKind kind : ProfileKind.values()) {
                all.put(kind, ProfileReader.read("profiles/" + kind.word() + ".yaml", resource(kind)));
            }
        } catch (PkiProblem e) {
            throw new IllegalStateException("a built-in profile cannot be read", e);
        }
        return all;
    }

    private static String resource(ProfileKind kind) {
        String name = "/profiles/" + kind.word() + ".yaml";
        try (InputStream in = ProfileBook.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing from the package");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(name + " cannot be read from the package", e);
        }
    }
}
