package io.gatehouse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Notices that files changed, by looking at them: their times, sizes and identities, through links, so that what Kubernetes
 * swaps shows too. Confined to the thread that looks.
 */
final class Watch {
    private final List<Path> paths;
    private String seen;

    /** @param paths files, and folders whose files count */
    Watch(List<Path> paths) {
        this.paths = List.copyOf(paths);
        this.seen = look();
    }

    /** Whether something is other than at the last look. */
    boolean changed() {
        String now = look();
        boolean changed = !now.equals(seen);
        seen = now;
        return changed;
    }

    private String look() {
        return paths.stream().flatMap(Watch::files).map(Watch::print).sorted().collect(Collectors.joining("\n"));
    }

    private static Stream<Path> files(Path path) {
        if (!Files.isDirectory(path)) {
            return Stream.of(path);
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.toList().stream();
        } catch (IOException e) {
            return Stream.of(path); // one that cannot be listed is as good as another that cannot be read
        }
    }

    private static String print(Path file) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return file + " " + attributes.lastModifiedTime() + " " + attributes.size() + " " + attributes.fileKey();
        } catch (IOException e) {
            return file + " unreadable";
        }
    }
}
