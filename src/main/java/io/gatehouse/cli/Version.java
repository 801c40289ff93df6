package io.gatehouse.cli;

import java.util.Objects;
import picocli.CommandLine;

/** The version, as the jar's manifest says it. */
final class Version implements CommandLine.IVersionProvider {
    static String text() {
        return Objects.requireNonNullElse(Version.class.getPackage().getImplementationVersion(), "development");
    }

    @Override
    public String[] getVersion() {
        return new String[] {"gatehouse " + text()};
    }
}
