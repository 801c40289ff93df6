package io.gatehouse.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.protocol.TopicName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Both trees against matching by the letter of the specification, on everything a small alphabet can say. */
class TreesTest {
    private static final String[] LEVELS = {"a", "b", "", "$S"};
    private static final long SEED = 20261124L;

    @Test
    void filterTree_randomFilters_matchesWhatTheSpecificationSays() {
        Random random = new Random(SEED);
        List<TopicName> names = names();
        for (int round = 0; round < 300; round++) {
            FilterTree<String> tree = new FilterTree<>();
            Map<String, String> model = new HashMap<>();
            for (int step = 0; step < 12; step++) {
                String filter = filter(random);
                int client = random.nextInt(3);
                String key = client + " " + filter;
                if (random.nextInt(4) == 0) {
                    assertThat(tree.remove(filter, client)).isEqualTo(model.remove(key));
                } else {
                    assertThat(tree.put(filter, client, key)).isEqualTo(model.put(key, key));
                }
            }
            assertThat(tree.size()).isEqualTo(model.size());
            for (TopicName name : names) {
                List<String> found = new ArrayList<>();
                tree.match(name, found::add);
                List<String> expected = model.keySet().stream()
                        .filter(key -> matches(key.substring(2), name.text()))
                        .toList();
                assertThat(found)
                        .as("seed %d, round %d, %s", SEED, round, name)
                        .containsExactlyInAnyOrderElementsOf(expected);
            }
        }
    }

    @Test
    void filterTree_allRemoved_isBareAgain() {
        FilterTree<String> tree = new FilterTree<>();
        for (String filter : List.of("a/b", "a/+", "a/#", "#", "+/+/b")) {
            tree.put(filter, "k", filter);
        }
        for (String filter : List.of("a/b", "a/+", "a/#", "#", "+/+/b")) {
            assertThat(tree.remove(filter, "k")).isEqualTo(filter);
        }
        assertThat(tree.values()).isEmpty();
        assertThat(tree.size()).isZero();
    }

    @Test
    void nameTree_randomNames_matchesWhatTheSpecificationSays() {
        Random random = new Random(SEED);
        List<TopicName> names = names();
        for (int round = 0; round < 300; round++) {
            NameTree<String> tree = new NameTree<>();
            Set<String> model = new HashSet<>();
            for (int step = 0; step < 20; step++) {
                TopicName name = names.get(random.nextInt(names.size()));
                if (random.nextInt(3) == 0) {
                    assertThat(tree.remove(name) != null).isEqualTo(model.remove(name.text()));
                } else {
                    assertThat(tree.put(name, name.text()) == null).isEqualTo(model.add(name.text()));
                }
            }
            assertThat(tree.size()).isEqualTo(model.size());
            for (int question = 0; question < 20; question++) {
                String filter = filter(random);
                List<String> found = new ArrayList<>();
                tree.match(filter, found::add);
                assertThat(found)
                        .as("seed %d, round %d, %s", SEED, round, filter)
                        .containsExactlyInAnyOrderElementsOf(model.stream()
                                .filter(name -> matches(filter, name))
                                .toList());
            }
        }
    }

    /** MQTT 5.0, section 4.7, by its words. */
    private static boolean matches(String filter, String name) {
        if (name.startsWith("$") && (filter.startsWith("+") || filter.startsWith("#"))) {
            return false;
        }
        String[] f = filter.split("/", -1);
        String[] n = name.split("/", -1);
        for (int i = 0; i < f.length; i++) {
            if (f[i].equals("#")) {
                return n.length >= i;
            }
            if (i >= n.length || !f[i].equals("+") && !f[i].equals(n[i])) {
                return false;
            }
        }
        return f.length == n.length;
    }

    private static List<TopicName> names() {
        List<TopicName> names = new ArrayList<>();
        List<String> texts = new ArrayList<>(List.of(LEVELS));
        for (int depth = 1; depth <= 4; depth++) {
            for (String text : texts) {
                if (!text.isEmpty()) {
                    names.add(TopicName.of(text));
                }
            }
            List<String> longer = new ArrayList<>();
            for (String text : texts) {
                for (String level : LEVELS) {
                    longer.add(text + "/" + level);
                }
            }
            texts = longer;
        }
        return names;
    }

    private static String filter(Random random) {
        int depth = 1 + random.nextInt(4);
        List<String> levels = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            int kind = random.nextInt(6);
            if (kind == 0) {
                levels.add("+");
            } else if (kind == 1 && i == depth - 1) {
                levels.add("#");
            } else {
                levels.add(LEVELS[random.nextInt(LEVELS.length)]);
            }
        }
        String filter = String.join("/", levels);
        return filter.isEmpty() ? "a" : filter;
    }
}
