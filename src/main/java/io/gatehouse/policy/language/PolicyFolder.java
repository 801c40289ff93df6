package io.gatehouse.policy.language;

import io.gatehouse.config.Place;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The files of a folder of policies, as they were at one moment. Immutable.
 *
 * <p>Its {@code *.yaml} files, not those below, not hidden ones; links must stay inside the folder, as those of Kubernetes
 * do. A file that others can write is refused. All are read into memory before any is looked at, and if one of them
 * changed meanwhile all are read again.
 *
 * @param texts by name, as messages print it
 * @param digests SHA-256 by the bare name
 * @param manifest the text of the file that says who signed them; empty: there is none
 */
record PolicyFolder(SortedMap<String, String> texts, SortedMap<String, String> digests, Optional<String> manifest) {
    private static final long MAX_FILE_BYTES = 4L << 20;
    private static final int WRITABLE_BY_OTHERS = 0022;

    /** A file as the listing found it. */
    private record Listed(String name, long size, FileTime changed) {
        boolean isManifest() {
            return name.equals(Manifest.FILE);
        }
    }

    static PolicyFolder read(Path folder, Report report) {
        for (int attempt = 1; ; attempt++) {
            Report found = new Report();
            Optional<List<Listed>> before = list(folder, found);
            PolicyFolder read = before.map(files -> read(folder, files, found))
                    .orElseGet(() -> new PolicyFolder(new TreeMap<>(), new TreeMap<>(), Optional.empty()));
            boolean same = before.isEmpty() || before.equals(list(folder, new Report()));
            if (same || attempt == 2) {
                if (!same) {
                    found.error(
                            Place.whole(folder + "/"),
                            "P109",
                            "the files change while they are read. Load them again when they are whole.");
                }
                found.sorted().forEach(report::add);
                return read;
            }
        }
    }

    private static Optional<List<Listed>> list(Path folder, Report report) {
        List<Listed> files = new ArrayList<>();
        try (Stream<Path> listing = Files.list(folder)) {
            for (Path file : listing.filter(PolicyFolder::isPolicy).sorted().toList()) {
                String name = file.getFileName().toString();
                if (Files.exists(file)) {
                    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                    files.add(new Listed(name, attributes.size(), attributes.lastModifiedTime()));
                } else {
                    // a link to nothing may have been a deny
                    report.error(Place.whole(file.toString()), "P102", "it cannot be read: the link leads nowhere.");
                }
            }
        } catch (IOException e) {
            report.error(Place.whole(folder + "/"), "P101", "the folder cannot be read: " + e.getMessage());
            return Optional.empty();
        }
        if (files.stream().allMatch(Listed::isManifest) && !report.hasErrors()) {
            report.error(
                    Place.whole(folder + "/"),
                    "P101",
                    "no policy files found. The broker stays closed: create " + folder.resolve("10-main.yaml")
                            + " or run \"gatehouse quickstart\".");
        }
        return Optional.of(files);
    }

    private static boolean isPolicy(Path file) {
        String name = file.getFileName().toString();
        boolean ours = name.endsWith(".yaml") && !name.startsWith(".") || name.equals(Manifest.FILE);
        return ours && !Files.isDirectory(file);
    }

    private static PolicyFolder read(Path folder, List<Listed> files, Report report) {
        SortedMap<String, String> texts = new TreeMap<>();
        SortedMap<String, String> digests = new TreeMap<>();
        Optional<String> manifest = Optional.empty();
        for (Listed listed : files) {
            Path file = folder.resolve(listed.name());
            Place place = Place.whole(file.toString());
            try {
                if (listed.isManifest() && Files.isRegularFile(file)) {
                    manifest = Optional.of(manifest(file));
                    continue;
                }
                if (!isOurs(folder, file, report)) {
                    report.incomplete();
                    continue; // nothing of it is read, so that no message shows a line of it
                }
                if (listed.size() > MAX_FILE_BYTES) {
                    report.incomplete();
                    report.error(place, "P102", "not valid YAML: larger than 1 MiB. Divide it: it means the same.");
                    continue;
                }
                byte[] bytes = Files.readAllBytes(file);
                texts.put(
                        file.toString(),
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .decode(ByteBuffer.wrap(bytes))
                                .toString());
                digests.put(listed.name(), sha256(bytes));
            } catch (CharacterCodingException e) {
                report.error(place, "P102", "not valid YAML: it is not UTF-8 text.");
            } catch (IOException e) {
                report.error(place, "P102", "it cannot be read: " + e.getMessage());
            }
        }
        return new PolicyFolder(texts, digests, manifest);
    }

    /** Any bytes: what is no manifest is found out where it counts. */
    private static String manifest(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(Manifest.MAX_BYTES), StandardCharsets.UTF_8);
        }
    }

    /** Whether it is a file in the folder; what else is wrong with it is reported, too. */
    private static boolean isOurs(Path folder, Path file, Report report) throws IOException {
        Path real = file.toRealPath();
        Place place = Place.whole(file.toString());
        if (!real.startsWith(folder.toRealPath())) {
            report.error(place, "P162", "the link leads out of the folder, to " + real + ".");
            return false;
        }
        if (!Files.isRegularFile(real)) {
            report.error(place, "P102", "it cannot be read: it is not a file.");
            return false;
        }
        try {
            int mode = mode(Files.getPosixFilePermissions(real));
            if ((mode & WRITABLE_BY_OTHERS) != 0) {
                report.error(
                        place,
                        "P162",
                        String.format("file is writable by others (mode %04o). Run: chmod 640 %s", mode, file));
            }
            String owner = Files.getOwner(real).getName();
            if (!owner.equals("root") && !isSelf(real)) {
                report.warning(
                        place, "P162", "file belongs to \"" + owner + "\", neither root nor the user of this process.");
            }
        } catch (UnsupportedOperationException e) {
            return true; // a file system without modes has its own protection
        }
        return true;
    }

    private static boolean isSelf(Path file) throws IOException {
        Path self = Path.of("/proc/self");
        return Files.exists(self)
                ? Files.getOwner(self).equals(Files.getOwner(file))
                : Files.getOwner(file).getName().equals(System.getProperty("user.name"));
    }

    private static int mode(Set<PosixFilePermission> permissions) {
        PosixFilePermission[] all = PosixFilePermission.values();
        int mode = 0;
        for (int i = 0; i < all.length; i++) {
            mode |= permissions.contains(all[i]) ? 1 << all.length - 1 - i : 0;
        }
        return mode;
    }

    /** SHA-256 over names and contents, hex. */
    String digest() {
        return sha256(digests.toString().getBytes(StandardCharsets.UTF_8));
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
