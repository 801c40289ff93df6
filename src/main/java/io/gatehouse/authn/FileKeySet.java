package io.gatehouse.authn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** An issuer's keys in a file, for plants without an identity provider at hand. Any thread; reading blocks. */
final class FileKeySet implements KeySet {
    private final Path file;
    private volatile State state;

    private record State(VerificationKeys keys, long generation) {}

    private FileKeySet(Path file, VerificationKeys keys) {
        this.file = file;
        this.state = new State(keys, 0);
    }

    static FileKeySet open(Path file) throws Unusable {
        return new FileKeySet(file, read(file));
    }

    static VerificationKeys read(Path file) throws Unusable {
        try {
            if (Files.size(file) > VerificationKeys.MAX_BYTES) {
                throw new Unusable(file + ": is larger than " + VerificationKeys.MAX_BYTES + " bytes");
            }
            VerificationKeys keys =
                    VerificationKeys.parse(PrivateFile.text(file.toString(), Files.readAllBytes(file)), true);
            if (keys.holdsSecrets()) {
                PrivateFile.requirePrivate(file);
            } else {
                PrivateFile.requireUnwritable(file);
            }
            return keys;
        } catch (NoSuchFileException e) {
            throw new Unusable(file + ": there is no such file");
        } catch (IOException e) {
            throw new Unusable(file + ": cannot be read: " + PrivateFile.reason(e));
        } catch (Unusable e) {
            throw e.getMessage().startsWith(file.toString()) ? e : new Unusable(file + ": " + e.getMessage());
        }
    }

    /** Puts keys that {@link #read} has returned in force. */
    void replace(VerificationKeys keys) {
        state = new State(keys, state.generation() + 1);
    }

    Path file() {
        return file;
    }

    @Override
    public CompletionStage<KeyChoice> choose(@Nullable String id, JwtAlgorithm algorithm) {
        return CompletableFuture.completedFuture(state.keys().choose(id, algorithm));
    }

    @Override
    public boolean holds(String thumbprint) {
        return state.keys().holdsThumbprint(thumbprint);
    }

    @Override
    public long generation() {
        return state.generation();
    }
}
