package io.gatehouse.migration;

import io.gatehouse.config.Problem;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.policy.language.PolicyLoader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Mosquitto's {@code acl_file} to a policy that was loaded, passed its own tests and was compared with Mosquitto's evaluation
 * before anybody gets to see it. Stateless.
 */
public final class AclImport {
    /** How many random requests both are asked. */
    public static final int REQUESTS = 10_000;

    private static final long MAX_BYTES = 16L << 20;

    private static final String FIRST = "10-imported.yaml";

    private AclImport() {}

    /**
     * An imported policy.
     *
     * @param policy the text of a policy file
     * @param requests how many random requests were compared
     * @param announced of these, how many are answered differently, each as a note says
     */
    public record Imported(String policy, List<Note> notes, int requests, int announced) {
        public Imported {
            notes = List.copyOf(notes);
        }
    }

    /**
     * Imports one access list.
     *
     * @param seed of the random requests
     * @throws NotImportable if the file is not of Mosquitto's format, or a deny of it cannot be said in our language
     */
    public static Imported run(Path aclFile, long seed) throws NotImportable {
        String name = aclFile.toString();
        Part all = new Part(name, MosquittoAcl.parse(name, read(aclFile)), "", AclScope.ALL);
        Policies made = run(List.of(all), AclTranslation.Defaults.NONE, seed);
        return new Imported(
                Objects.requireNonNull(made.files().get(FIRST)), made.notes(), made.requests(), made.announced());
    }

    /**
     * One access list.
     *
     * @param acl null where there was none
     * @param text the policy where there was none
     */
    record Part(String name, @Nullable MosquittoAcl acl, String text, AclScope scope) {}

    /**
     * What several came to.
     *
     * @param files texts by name
     */
    record Policies(SortedMap<String, String> files, List<Note> notes, int requests, int announced) {}

    static Policies run(List<Part> parts, AclTranslation.Defaults defaults, long seed) throws NotImportable {
        SortedMap<String, String> files = new TreeMap<>();
        List<Note> notes = new ArrayList<>();
        Map<Part, MosquittoAcl> carried = new LinkedHashMap<>();
        for (Part part : parts) {
            String file = (10 + files.size()) + "-imported.yaml";
            if (part.acl == null) {
                files.put(file, part.text);
            } else {
                AclTranslation.Result translated =
                        new AclTranslation(part.name, part.acl, part.scope).translate(defaults);
                files.put(file, translated.policy());
                notes.addAll(translated.notes());
                carried.put(part, translated.carried());
            }
        }
        PolicySet set = load(files).set().orElseThrow();
        int requests = 0;
        int announced = 0;
        for (Map.Entry<Part, MosquittoAcl> one : carried.entrySet()) {
            Part part = one.getKey();
            AclVerification.Result compared = new AclVerification(
                            Objects.requireNonNull(part.acl),
                            one.getValue(),
                            set,
                            part.scope.example().orElse(""))
                    .run(REQUESTS, seed);
            if (!compared.faults().isEmpty()) {
                // never seen; if it is, nobody should run the policy
                throw new NotImportable(compared.faults().stream()
                        .map(fault -> part.name + ": the policy would not be equal, nothing is written: " + fault)
                        .toList());
            }
            requests += compared.requests();
            announced += compared.announced();
        }
        return new Policies(files, notes, requests, announced);
    }

    /** Loads the texts as the broker would, their own tests included. */
    private static PolicyLoader.Loaded load(Map<String, String> policies) throws NotImportable {
        Path folder = null;
        try {
            folder = Files.createTempDirectory("gatehouse-import");
            for (Map.Entry<String, String> policy : policies.entrySet()) {
                Files.writeString(folder.resolve(policy.getKey()), policy.getValue());
            }
            PolicyLoader.Loaded loaded = PolicyLoader.load(folder, Optional.empty(), true, Clock.systemUTC());
            if (loaded.set().isEmpty()) {
                throw new NotImportable(loaded.problems().stream()
                        .filter(Problem::isError)
                        .map(problem -> "the policy that came of it does not load: " + problem)
                        .toList());
            }
            return loaded;
        } catch (IOException e) {
            throw new NotImportable(List.of("the policy cannot be tried out: " + e.getMessage()));
        } finally {
            if (folder != null) {
                delete(folder);
            }
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : new ArrayList<>(files.toList())) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            folder.toFile().deleteOnExit(); // in the folder for temporary files; nothing in it is secret
        }
    }

    static String read(Path file) throws NotImportable {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new NotImportable(List.of(file + ": larger than " + (MAX_BYTES >> 20) + " MiB"));
            }
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new NotImportable(List.of(file + ": not UTF-8 text"));
        } catch (IOException e) {
            throw new NotImportable(List.of(file + ": cannot be read: " + e.getMessage()));
        }
    }
}
