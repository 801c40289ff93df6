package io.gatehouse.cli;

import io.gatehouse.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How Gatehouse stands to Annex I of the Cyber Resilience Act (Regulation (EU) 2024/2847), item by item: what it does, what
 * is left to the operator, and which test or page shows it. Immutable.
 *
 * <p>An item is "met" only where a test shows it; a test holds this table to that. It is our view and no legal advice.
 */
final class CraReport {
    static final String CAVEAT =
            "How Gatehouse stands to Annex I of Regulation (EU) 2024/2847. Our own view, in our words: no legal"
                    + " advice, and no declaration of conformity, which is for whoever places a product on the market.";

    /**
     * One item.
     *
     * @param standing {@code met}, {@code partly}, {@code operator} (nothing here, all theirs) or {@code missing}
     * @param proof names of tests, and of files
     */
    record Item(String item, String asks, String standing, String does, String operator, List<String> proof) {}

    private CraReport() {}

    static List<Item> items() {
        List<Item> items = new ArrayList<>();
        for (Object one : (List<?>) read()) {
            Map<?, ?> fields = (Map<?, ?>) one;
            items.add(new Item(
                    text(fields, "item"),
                    text(fields, "asks"),
                    text(fields, "standing"),
                    text(fields, "does"),
                    text(fields, "operator"),
                    ((List<?>) Objects.requireNonNull(fields.get("proof")))
                            .stream().map(String::valueOf).toList()));
        }
        return items;
    }

    private static String text(Map<?, ?> fields, String name) {
        return (String) Objects.requireNonNull(fields.get(name), name);
    }

    static Object read() {
        try (InputStream in = Objects.requireNonNull(
                CraReport.class.getResourceAsStream("/compliance/cra.json"), "the program is not whole: cra.json")) {
            return Objects.requireNonNull(Json.read(new String(in.readAllBytes(), StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Json.NotJson e) {
            throw new IllegalStateException("the program is not whole: cra.json", e);
        }
    }
}
