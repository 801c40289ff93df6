package io.gatehouse.migration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@code mosquitto.conf} as a list of lines, {@code include_dir} followed. Immutable.
 *
 * <p>What a line means depends on the listener, bridge or plugin that was named last before it; that is for the reader of the
 * lines to follow, in their order.
 */
record MosquittoConf(List<Line> lines) {
    /** One line that says something. */
    record Line(String key, String value, String place) {}

    /**
     * @throws NotImportable if a file cannot be read
     */
    static MosquittoConf read(Path file) throws NotImportable {
        List<Line> lines = new ArrayList<>();
        read(file, lines, true);
        return new MosquittoConf(List.copyOf(lines));
    }

    private static void read(Path file, List<Line> lines, boolean mayInclude) throws NotImportable {
        int number = 0;
        for (String raw : AclImport.read(file).split("\n", -1)) {
            number++;
            String line = raw.strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            int space = line.indexOf(' ');
            String key = space < 0 ? line : line.substring(0, space);
            String value = space < 0 ? "" : line.substring(space).strip();
            String place = file + ":" + number;
            if (!key.equals("include_dir")) {
                lines.add(new Line(key, value, place));
            } else if (mayInclude) {
                for (Path included : included(Path.of(value), place)) {
                    read(included, lines, false); // Mosquitto does not follow one inside another either
                }
            } else {
                throw new NotImportable(List.of(place + ": include_dir inside an included file"));
            }
        }
    }

    /** The {@code *.conf} of a folder, in the order of their names' bytes. */
    private static List<Path> included(Path folder, String place) throws NotImportable {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().endsWith(".conf"))
                    .filter(file -> !file.getFileName().toString().startsWith("."))
                    .sorted((a, b) ->
                            a.getFileName().toString().compareTo(b.getFileName().toString()))
                    .toList();
        } catch (IOException e) {
            throw new NotImportable(
                    List.of(place + ": the folder \"" + folder + "\" cannot be read: " + e.getMessage()));
        }
    }
}
