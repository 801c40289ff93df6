package io.gatehouse.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Every event, and every field of its own, is in the document. */
class AuditDocumentationTest {
    @Test
    void events_areInTheDocument_withTheirFields() throws Exception {
        String document = Files.readString(Path.of("docs/audit.md"));
        AuditEvent.Actor actor = (AuditEvent.Actor) sample(AuditEvent.Actor.class);
        Set<String> ofActors = actor.fields().map().keySet();
        int start = document.indexOf("Every line has");
        String ofEach = document.substring(start, document.indexOf("| event |", start));
        for (String field : ofActors) {
            assertThat(ofEach).as(field).contains("`" + field + "`");
        }
        for (Class<?> type : AuditEvent.class.getPermittedSubclasses()) {
            AuditEvent event = (AuditEvent) sample(type);
            String row = row(document, event.name());
            for (String field : event.fields().keySet()) {
                if (!ofActors.contains(field)) {
                    assertThat(row).as(event.name() + "." + field).contains("`" + field + "`");
                }
            }
        }
    }

    private static String row(String document, String event) throws IOException {
        return document.lines()
                .filter(line -> line.startsWith("| `" + event + "`"))
                .reduce((one, other) -> one + other) // an event that says yes or no has a row for each
                .orElseThrow(() -> new IOException("no row for " + event));
    }

    private static Object sample(Class<?> type) throws ReflectiveOperationException {
        RecordComponent[] parts = type.getRecordComponents();
        Object[] values = new Object[parts.length];
        for (int i = 0; i < parts.length; i++) {
            Class<?> part = parts[i].getType();
            values[i] = part == Boolean.class
                    ? Boolean.TRUE
                    : part == String.class
                            ? "x"
                            : part == int.class || part == Integer.class
                                    ? (Object) 1
                                    : part == long.class
                                            ? (Object) 1L
                                            : part == List.class
                                                    ? List.of("x")
                                                    : part == Map.class ? Map.of() : sample(part);
        }
        var constructor = type.getDeclaredConstructor(
                Arrays.stream(parts).map(RecordComponent::getType).toArray(Class<?>[]::new));
        constructor.setAccessible(true);
        return constructor.newInstance(values);
    }
}
