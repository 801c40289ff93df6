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
 * swaps shows too. A change counts when two looks agree on it: an editor's second file is not missed, nor a file taken half
 * written. Confined to the thread that looks.
 */
final class Watch {
    private final List<Path> paths;
    private String told;
    private String seen;

    /** @param paths files, and folders whose files count */
    Watch(List<Path> paths) {
        this.paths = List.copyOf(paths);
        this.told = look();
        this.seen = told;
    }

    /** Whether something is other than when this was last said, and was so at the last look already. */
    boolean changed() {
        String now = look();
        boolean rests = now.equals(seen);
        seen = now;
        if (!rests || now.equals(told)) {
            return false;
        }
        told = now;
        return true;
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
