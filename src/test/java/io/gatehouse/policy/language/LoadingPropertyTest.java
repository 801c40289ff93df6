package io.gatehouse.policy.language;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.authn.Subject;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Explanation;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.policy.PolicyUniverse;
import io.gatehouse.protocol.Qos;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Policies as files: what they say does not depend on which of them says it, nor on when it is read. */
class LoadingPropertyTest {
    private static final int POLICIES = 30;
    private static final int ROLES = 3;

    @TempDir
    Path folder;

    private final long seed = Long.getLong("seed", new Random().nextLong());
    private final Random random = new Random(seed);
    private final PolicyUniverse universe = new PolicyUniverse();

    /** I20, and I2 for files: by the answers, held against the rules read one by one. */
    @Test
    void i20_anyDivisionIntoFiles_readAnyNumberOfTimes_givesOneDigestAndOneSetOfAnswers() throws IOException {
        for (int i = 0; i < POLICIES; i++) {
            List<List<String>> roles = new ArrayList<>();
            List<String> all = new ArrayList<>();
            for (int r = 0; r < ROLES; r++) {
                roles.add(universe.rules(random));
                all.addAll(roles.get(r));
            }
            String about = "seed " + seed + ", rules " + roles;
            for (int division = 0; division < 2; division++) {
                divide(roles);
                PolicyLoader.Loaded once = load();
                PolicyLoader.Loaded again = load();
                assertThat(once.problems()).as(about).isEmpty();
                assertThat(again.digest()).as(about).isEqualTo(once.digest());
                assertThat(once.set().orElseThrow().digest()).isEqualTo(once.digest());
                for (PolicyLoader.Loaded loaded : List.of(once, again)) {
                    PolicySet set = loaded.set().orElseThrow();
                    assertThat(answers(set, "pub")).as(about).isEqualTo(universe.left(all, "pub"));
                    assertThat(answers(set, "sub")).as(about).isEqualTo(universe.left(all, "sub"));
                }
            }
        }
    }

    /** Puts each role, and each line that gives one, into some file, and the files' parts into some order. */
    private void divide(List<List<String>> roles) throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        int files = 1 + random.nextInt(4);
        List<StringBuilder> holding = new ArrayList<>();
        List<StringBuilder> giving = new ArrayList<>();
        for (int f = 0; f < files; f++) {
            holding.add(new StringBuilder());
            giving.add(new StringBuilder());
        }
        List<Integer> order = new ArrayList<>(List.of(0, 1, 2));
        Collections.shuffle(order, random);
        for (int r : order) {
            List<String> rules = new ArrayList<>(roles.get(r));
            Collections.shuffle(rules, random);
            holding.get(random.nextInt(files)).append(role("r" + r, rules));
            giving.get(random.nextInt(files)).append("  - {to: {user: u}, roles: [r" + r + "]}\n");
        }
        for (int f = 0; f < files; f++) {
            String have = holding.get(f).isEmpty() ? "" : "roles:\n" + holding.get(f);
            String give = giving.get(f).isEmpty() ? "" : "assign:\n" + giving.get(f);
            Path file = folder.resolve((char) ('a' + random.nextInt(26)) + "-" + f + ".yaml");
            Files.writeString(file, "version: 1\n" + (random.nextBoolean() ? have + give : give + have));
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        }
    }

    private static String role(String name, List<String> rules) {
        String deny = list("      publish: ", rules, "deny pub ") + list("      subscribe: ", rules, "deny sub ");
        return "  " + name + ":\n" + list("    publish: ", rules, "pub ") + list("    subscribe: ", rules, "sub ")
                + (deny.isEmpty() ? "" : "    deny:\n" + deny)
                + "    note: a role\n";
    }

    private static String list(String key, List<String> rules, String prefix) {
        List<String> patterns = rules.stream()
                .filter(rule -> rule.startsWith(prefix))
                .map(rule -> '"' + rule.substring(prefix.length()) + '"')
                .toList();
        return patterns.isEmpty() ? "" : key + patterns + "\n";
    }

    private BitSet answers(PolicySet set, String verb) {
        Explanation.Bound bound = Authorizer.asker(set, Clock.systemUTC())
                .as(new Subject("u", Set.of(), "", null, Map.of()), "c", Optional.empty());
        BitSet answers = new BitSet();
        List<String> topics = universe.topics();
        for (int t = 0; t < topics.size(); t++) {
            Explanation answer = verb.equals("pub")
                    ? bound.publish(topics.get(t), Qos.AT_MOST_ONCE, false, 0)
                    : bound.receive(topics.get(t));
            answers.set(t, answer.allowed());
        }
        return answers;
    }

    private PolicyLoader.Loaded load() {
        return PolicyLoader.load(folder, Optional.empty(), true, Clock.systemUTC());
    }
}
