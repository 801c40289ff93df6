package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The forms besides PEM that a holder's key and certificates are written in when they are made. Immutable; any thread.
 *
 * <p>What is closed with a password gets one of its own, in a file beside it, unless there is one for all.
 */
public final class Forms {
    public static final Forms NONE = new Forms(List.of(), null);
    private static final String PASSWORD = ".password";

    private final List<Export.Format> formats;
    private final char @Nullable [] password;

    private Forms(List<Export.Format> formats, char @Nullable [] password) {
        this.formats = List.copyOf(formats);
        this.password = password;
    }

    /**
     * Forms by their words.
     *
     * @param password for all that are closed with one; null: each has its own, which is made
     */
    public static Forms of(List<String> words, char @Nullable [] password) throws PkiProblem {
        List<Export.Format> formats = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (String word : words) {
            Export.Format format = Export.Format.ofWord(word.strip())
                    .orElseThrow(() -> new PkiProblem(
                            Kind.INPUT,
                            "unknown form \"" + Profile.shown(word) + "\"; there are " + Export.Format.words()));
            if (formats.contains(format)) {
                continue;
            }
            if (!names.add(format.fileName("id"))) {
                throw new PkiProblem(
                        Kind.INPUT,
                        format.word()
                                + ": its files are called as those of another form that is asked for; export one of"
                                + " them afterwards, with another name");
            }
            formats.add(format);
        }
        return formats.isEmpty() ? NONE : new Forms(formats, password);
    }

    /** The forms that hold the key, which is not here where its holder made it; empty if there are none. */
    public String withKey() {
        return formats.stream()
                .filter(Export.Format::isSecret)
                .map(Export.Format::word)
                .collect(Collectors.joining(", "));
    }

    public boolean has(Export.Format format) {
        return formats.contains(format);
    }

    /** The names of a holder's files. */
    Set<String> names(String id) {
        Set<String> names = new HashSet<>();
        for (Export.Format format : formats) {
            names.add(format.fileName(id));
            if (format.hasPassword() && password == null) {
                names.add(format.fileName(id) + PASSWORD);
            }
        }
        return names;
    }

    /** Makes the files of a holder. */
    public List<HolderFile> of(Issued issued) throws PkiProblem {
        List<HolderFile> files = new ArrayList<>();
        for (Export.Format format : formats) {
            String name = format.fileName(issued.id());
            char[] opens = new char[0];
            if (format.hasPassword()) {
                char[] given = password;
                opens = given == null ? StoredPassphrase.random().toCharArray() : given.clone();
                if (given == null) {
                    byte[] text = (new String(opens) + "\n").getBytes(StandardCharsets.US_ASCII);
                    files.add(new HolderFile(name + PASSWORD, text, true));
                }
            }
            files.add(new HolderFile(name, Export.of(issued).as(format, issued.id(), opens), format.isSecret()));
        }
        return files;
    }
}
