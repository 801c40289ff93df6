package io.gatehouse.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every statement is accounted for, and docs/conformance.md says so. */
class ConformanceDocumentTest {
    private static final Path DOCUMENT = Path.of("docs/conformance.md");

    private final ConformanceDocument document = new ConformanceDocument();

    @ParameterizedTest
    @EnumSource(Specification.class)
    void statements_areAsManyAsTheSpecificationLists(Specification specification) {
        assertThat(Registry.read(specification).rows()).hasSize(specification.statements());
    }

    @ParameterizedTest
    @EnumSource(Specification.class)
    void statement_isTestedOrExcused_notBothAndNotNeither(Specification specification) {
        Map<String, List<Method>> named = document.byStatement(specification);
        assertThat(Registry.read(specification).rows().values())
                .allSatisfy(row -> assertThat(named.containsKey(row.id()))
                        .as(row.id() + (row.excuse() == null ? " has a test" : " has no test, as its excuse says"))
                        .isEqualTo(row.excuse() == null));
    }

    @ParameterizedTest
    @EnumSource(Specification.class)
    void tests_nameStatementsThatExist(Specification specification) {
        assertThat(Registry.read(specification).rows().keySet())
                .containsAll(document.byStatement(specification).keySet());
    }

    @Test
    void tests_beginWithAStatementTheyName() {
        assertThat(document.misnamed()).isEmpty();
    }

    @Test
    void document_isWhatTheGeneratorPrints() throws IOException {
        if (Boolean.getBoolean("conformance.write")) {
            Files.writeString(DOCUMENT, document.text());
        }
        assertThat(DOCUMENT).as("write it anew with -Dconformance.write=true").hasContent(document.text());
    }
}
