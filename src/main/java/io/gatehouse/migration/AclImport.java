package io.gatehouse.migration;

import io.gatehouse.config.Problem;
import io.gatehouse.policy.language.PolicyLoader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Mosquitto's {@code acl_file} to a policy that was loaded, passed its own tests and was compared with Mosquitto's evaluation
 * before anybody gets to see it. Stateless.
 */
public final class AclImport {
    /** How many random requests both are asked. */
    public static final int REQUESTS = 10_000;

    private static final long MAX_BYTES = 16L << 20;

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
        return run(name, MosquittoAcl.parse(name, read(aclFile)), AclTranslation.Defaults.NONE, seed);
    }

    static Imported run(String name, MosquittoAcl acl, AclTranslation.Defaults defaults, long seed)
            throws NotImportable {
        AclTranslation.Result translated = new AclTranslation(name, acl).translate(defaults);
        PolicyLoader.Loaded loaded = load(translated.policy());
        AclVerification.Result compared =
                new AclVerification(acl, translated.carried(), loaded.set().orElseThrow()).run(REQUESTS, seed);
        if (!compared.faults().isEmpty()) {
            // never seen; if it is, nobody should run the policy
            throw new NotImportable(compared.faults().stream()
                    .map(fault -> name + ": the policy would not be equal, nothing is written: " + fault)
                    .toList());
        }
        return new Imported(translated.policy(), translated.notes(), compared.requests(), compared.announced());
    }

    /** Loads the text as the broker would, its own tests included. */
    private static PolicyLoader.Loaded load(String policy) throws NotImportable {
        Path folder = null;
        try {
            folder = Files.createTempDirectory("gatehouse-import");
            Files.writeString(folder.resolve("10-imported.yaml"), policy);
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
