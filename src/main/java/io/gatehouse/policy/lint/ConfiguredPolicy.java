package io.gatehouse.policy.lint;

import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.PolicyProfile;
import io.gatehouse.config.Problem;
import io.gatehouse.policy.language.PolicyLoader;
import io.gatehouse.policy.language.PolicyLoader.Loaded;
import io.gatehouse.policy.language.PolicyLoader.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Loads a policy as a broker's configuration wants it. Stateless.
 *
 * <p>Under the hardened profile, what {@code policy lint --hardened} calls a mistake keeps a policy out, as does a file of
 * somebody else.
 */
public final class ConfiguredPolicy {
    private ConfiguredPolicy() {}

    /** @param more what is asked for besides what the configuration says */
    public static Loaded load(Path folder, Configuration configuration, UnaryOperator<Options> more, Clock clock) {
        Options options = more.apply(Options.of(configuration));
        if (configuration.policyProfile() != PolicyProfile.HARDENED) {
            return PolicyLoader.load(folder, options, clock);
        }
        Loaded loaded = PolicyLoader.load(folder, options.withRules(), clock);
        if (loaded.set().isEmpty()) {
            return loaded;
        }
        Lint.Context context = new Lint.Context(clock, loaded.run(), Map.of(), Map.of(), authorities(configuration));
        List<Problem> mistakes = Stream.concat(
                        Lint.of(loaded.policy(), context, true).stream().filter(Problem::isError),
                        loaded.problems().stream()
                                .map(warning -> Problem.error(warning.place(), warning.code(), warning.message())))
                .sorted()
                .toList();
        return mistakes.isEmpty() ? options.rules() ? loaded : loaded.withoutRules() : loaded.refused(mistakes);
    }

    /** How many authorities each listener takes client certificates of, by its name. */
    public static Map<String, Integer> authorities(Configuration configuration) {
        Map<String, Integer> authorities = new HashMap<>();
        for (Configuration.Listener listener : configuration.listeners()) {
            listener.tls().flatMap(Configuration.Tls::clientCa).ifPresent(file -> {
                try {
                    long count = Files.readAllLines(file).stream()
                            .filter(line -> line.startsWith("-----BEGIN CERTIFICATE"))
                            .count();
                    authorities.put(listener.name(), (int) count);
                } catch (IOException e) {
                    // whoever opens the listener says what is wrong with it; here one is taken for several
                    authorities.put(listener.name(), Integer.MAX_VALUE);
                }
            });
        }
        return authorities;
    }
}
