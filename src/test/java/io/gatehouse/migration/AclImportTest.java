package io.gatehouse.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.migration.MosquittoAcl.Access;
import io.gatehouse.migration.MosquittoAcl.Rule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AclImportTest {
    @TempDir
    Path folder;

    private AclImport.Imported run(String acl) throws Exception {
        return AclImport.run(Files.writeString(folder.resolve("acl"), acl), 1);
    }

    private static List<String> ids(AclImport.Imported imported) {
        return imported.notes().stream().map(Note::id).toList();
    }

    @Test
    void file_ofEveryKind_becomesAPolicyThatAnswersAlike() throws Exception {
        AclImport.Imported imported = run("""
                # the house
                topic read public/#

                user ann smith
                topic readwrite home/#
                topic deny home/alarm/#
                topic write plain

                user bob
                topic read home/#

                user carl
                topic home/x

                pattern readwrite users/%u/#
                pattern write devices/%c/up
                """);
        assertThat(imported.policy())
                .contains("\"ann smith\": [user-ann-smith]")
                .contains("- \"users/<user>/#\"")
                .contains("- \"devices/<client>/up\"")
                .contains("anonymous:")
                .doesNotContain("auth: anonymous");
        assertThat(imported.requests()).isEqualTo(AclImport.REQUESTS);
        assertThat(ids(imported)).contains("I02", "I03", "I05", "I06", "I08").doesNotContain("I01", "I07");
    }

    @Test
    void users_withTheSameLines_shareARole() throws Exception {
        assertThat(run("user a\ntopic read x/#\nuser b\ntopic read x/#\nuser A\ntopic read y\n")
                        .policy())
                .contains("\"a\": [user-a]")
                .contains("\"b\": [user-a]")
                .contains("\"A\": [user-a-2]");
    }

    @Test
    void patternDeny_behindAUsersGrant_isAnnouncedWithATopic() throws Exception {
        AclImport.Imported imported = run("user ann\ntopic read home/#\npattern deny home/%u/secret\n");
        assertThat(imported.notes())
                .filteredOn(note -> note.id().equals("I01"))
                .singleElement()
                .satisfies(note -> assertThat(note.text()).endsWith("Example: home/ann/secret"))
                .satisfies(note -> assertThat(note.place()).endsWith("acl:3"));
        assertThat(imported.announced()).isPositive();
    }

    @Test
    void grant_thatCannotBeSaid_isLeftOutAndNoted() throws Exception {
        AclImport.Imported imported = run("pattern read dev-%c/x\nuser a\ntopic read a<b\ntopic read ok\n");
        assertThat(imported.notes())
                .filteredOn(note -> note.id().equals("I07"))
                .hasSize(2)
                .allSatisfy(note -> assertThat(note.kind()).isEqualTo(Note.Kind.TO_DO));
        assertThat(imported.policy()).contains("\"ok\"").doesNotContain("dev-");
    }

    @Test
    void deny_thatCannotBeSaid_stopsTheImport() {
        assertThatThrownBy(() -> run("pattern readwrite #\npattern deny dev-%c/x\n"))
                .isInstanceOf(NotImportable.class)
                .hasMessageContaining("acl:2: a deny that cannot be carried");
    }

    @Test
    void lines_thatAreNotOfTheFormat_areAllNamed() {
        assertThatThrownBy(() -> run("topic read a\n  # indented\nusr ann\ntopic reads a/#/b\n\tuser x\nuser\n"))
                .isInstanceOf(NotImportable.class)
                .satisfies(e -> assertThat(((NotImportable) e).lines())
                        .hasSize(5)
                        .allMatch(line -> line.matches(".*acl:[23456]: .*")));
    }

    @Test
    void emptyFile_allowsNothing() throws Exception {
        AclImport.Imported imported = run("# nothing but a comment\n");
        assertThat(imported.policy()).doesNotContain("publish:\n").doesNotContain("subscribe:\n");
        assertThat(imported.announced()).isZero();
    }

    @Test
    void unequalPolicy_isFoundByTheComparison() throws Exception {
        // the comparison itself: a policy that allows one thing more than the access list is not let through
        MosquittoAcl wide = MosquittoAcl.parse("acl", "user ann\ntopic read home/#\n");
        MosquittoAcl narrow = MosquittoAcl.parse("acl", "user ann\ntopic read home/+\n");
        AclTranslation.Result translated =
                new AclTranslation("acl", wide, AclScope.ALL).translate(AclTranslation.Defaults.NONE);
        Path policies = Files.createDirectory(folder.resolve("p"));
        Files.writeString(policies.resolve("a.yaml"), translated.policy());
        var set = io.gatehouse.policy.language.PolicyLoader.load(
                        policies, java.util.Optional.empty(), true, java.time.Clock.systemUTC())
                .set()
                .orElseThrow();
        assertThat(new AclVerification(wide, wide, set, "").run(2000, 7).faults())
                .isEmpty();
        assertThat(new AclVerification(narrow, narrow, set, "").run(2000, 7).faults())
                .isNotEmpty();
    }

    @Test
    void randomAccessLists_areImportedWithoutAnUnannouncedDifference() throws Exception {
        long seed = Long.getLong("gatehouse.seed", 20_261_125L);
        Random random = new Random(seed);
        for (int i = 0; i < 150; i++) {
            MosquittoAcl acl = random(random);
            AclImport.Policies imported = AclImport.run(
                    List.of(new AclImport.Part("acl", acl, "", AclScope.ALL)),
                    AclTranslation.Defaults.NONE,
                    random.nextLong());
            assertThat(imported.requests()).as("seed %s, list %s", seed, i).isEqualTo(AclImport.REQUESTS);
        }
    }

    private static MosquittoAcl random(Random random) {
        Map<String, List<Rule>> users = new LinkedHashMap<>();
        for (String user : List.of("ann", "bob", "a b")) {
            users.put(user, rules(random, false));
        }
        return new MosquittoAcl(rules(random, false), users, rules(random, true));
    }

    private static List<Rule> rules(Random random, boolean pattern) {
        List<String> levels = new ArrayList<>(List.of("a", "b", "", "+", "$SYS"));
        if (pattern) {
            levels.addAll(List.of("%u", "%c"));
        }
        List<Rule> rules = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            List<String> filter = new ArrayList<>();
            for (int depth = random.nextInt(3); depth >= 0; depth--) {
                filter.add(levels.get(random.nextInt(levels.size())));
            }
            if (random.nextInt(3) == 0) {
                filter.add("#");
            }
            String text = String.join("/", filter);
            rules.add(new Rule(Access.values()[random.nextInt(4)], text.isEmpty() ? "a" : text, rules.size() + 1));
        }
        return rules;
    }
}
