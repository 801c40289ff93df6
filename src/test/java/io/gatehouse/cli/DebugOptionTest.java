package io.gatehouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** A stack trace is for whoever asks for it, wherever on the line. */
class DebugOptionTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "certs list, false",
        "certs list --debug, true",
        "certs --debug list, true",
        "certs token new pump --debug, true",
        "certs profile device, false",
        "certs profile device --debug, true",
        "check, false"
    })
    void internalError_hasAStackTrace_onlyWithDebug(String words, boolean trace) {
        CommandLine line = GatehouseCommand.line(words.split(" "));
        StringWriter said = new StringWriter();
        line.setErr(new PrintWriter(said, true));
        CommandLine last = line;
        for (CommandLine.ParseResult at = line.parseArgs(words.split(" ")); at != null; at = at.subcommand()) {
            last = at.commandSpec().commandLine();
        }
        last.setErr(new PrintWriter(said, true));

        GatehouseCommand.report(new IllegalStateException("a broken world"), last, line.getParseResult());

        assertThat(said.toString()).contains("a broken world");
        if (trace) {
            assertThat(said.toString()).contains("\tat ").doesNotContain("GATEHOUSE_DEBUG");
        } else {
            assertThat(said.toString()).doesNotContain("\tat ").contains("GATEHOUSE_DEBUG=1");
            assertThat(said.toString().contains("--debug")).isEqualTo(words.startsWith("certs"));
        }
    }
}
