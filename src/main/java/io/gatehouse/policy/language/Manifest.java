package io.gatehouse.policy.language;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says which files a policy is made of and which revision of it they are, and who said so. Immutable.
 *
 * <p>Text, one line a file, and an Ed25519 signature over all that stands before it. Its first line belongs to what is
 * signed, so that the key's signature under anything else is none of this.
 *
 * @param revision counts up with every signing; from 1
 * @param files SHA-256 in hex, by name
 */
public record Manifest(long revision, SortedMap<String, String> files) {
    /** Beside the files it is about. */
    public static final String FILE = "manifest.sig";

    static final int MAX_BYTES = 1 << 20;

    private static final String TITLE = "gatehouse policy manifest 1\n";
    private static final String REVISION = "revision ";
    private static final String SIGNATURE = "ed25519 ";
    private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,17}");
    private static final Pattern ENTRY = Pattern.compile("([0-9a-f]{64}) (\\S(?:[^\\p{Cntrl}]*\\S)?)");

    /** The text of a manifest does not show that whoever has the key signed it. */
    public static final class NotSigned extends Exception {
        private static final long serialVersionUID = 1L;

        NotSigned(String message) {
            super(message);
        }

        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }

    public Manifest {
        files = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(files));
        if (revision < 1) {
            throw new IllegalArgumentException("a revision counts from 1, not " + revision);
        }
        files.keySet().forEach(name -> {
            if (!ENTRY.matcher("0".repeat(64) + " " + name).matches()) {
                throw new IllegalArgumentException(
                        "the name of a signed file has no room for control characters: " + Patterns.printable(name));
            }
        });
    }

    /** Its text, signed. */
    public String signed(PrivateKey key) {
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(key);
            signature.update(text().getBytes(StandardCharsets.UTF_8));
            return text() + SIGNATURE + Base64.getEncoder().encodeToString(signature.sign()) + "\n";
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime cannot sign with the key", e);
        }
    }

    private String text() {
        StringBuilder text =
                new StringBuilder(TITLE).append(REVISION).append(revision).append('\n');
        files.forEach(
                (name, digest) -> text.append(digest).append(' ').append(name).append('\n'));
        return text.toString();
    }

    /** Takes a manifest for what it says, if the key signed it. Nothing of it is believed before. */
    public static Manifest verified(String text, PublicKey key) throws NotSigned {
        Manifest claimed = parse(text).orElseThrow(() -> new NotSigned("it is not a manifest that this broker reads."));
        String last = text.substring(text.lastIndexOf(SIGNATURE) + SIGNATURE.length(), text.length() - 1);
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initVerify(key);
            signature.update(claimed.text().getBytes(StandardCharsets.UTF_8));
            byte[] bytes = Base64.getDecoder().decode(last);
            boolean canonical = Base64.getEncoder().encodeToString(bytes).equals(last);
            if (canonical && signature.verify(bytes)) {
                return claimed;
            }
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new NotSigned("its signature cannot be read.");
        }
        throw new NotSigned("the key of policy.verify_key did not sign it.");
    }

    /** The revision that a manifest claims, whoever wrote it: where the next one counts from. */
    public static long claimedRevision(String text) {
        return parse(text).map(Manifest::revision).orElse(0L);
    }

    /** The same, if it is of these files. */
    static Optional<Long> claimedRevision(String text, SortedMap<String, String> found) {
        return parse(text)
                .filter(manifest -> manifest.differences(found).isEmpty())
                .map(Manifest::revision);
    }

    /** Only what {@link #text} would write again, byte for byte, is a manifest. */
    private static Optional<Manifest> parse(String text) {
        List<String> lines = new ArrayList<>(List.of(text.split("\n", -1)));
        int size = lines.size();
        boolean framed = size >= 4
                && lines.get(size - 1).isEmpty()
                && lines.get(size - 2).startsWith(SIGNATURE)
                && (lines.get(0) + "\n").equals(TITLE)
                && lines.get(1).startsWith(REVISION);
        if (!framed) {
            return Optional.empty();
        }
        String number = lines.get(1).substring(REVISION.length());
        SortedMap<String, String> files = new TreeMap<>();
        for (String line : lines.subList(2, size - 2)) {
            Matcher entry = ENTRY.matcher(line);
            if (!entry.matches()) {
                return Optional.empty();
            }
            files.put(entry.group(2), entry.group(1));
        }
        if (!NUMBER.matcher(number).matches()) {
            return Optional.empty();
        }
        Manifest read = new Manifest(Long.parseLong(number), files);
        return text.startsWith(read.text() + SIGNATURE) ? Optional.of(read) : Optional.empty();
    }

    /** What is other than it says; empty: these are the files. */
    Optional<String> differences(SortedMap<String, String> found) {
        List<String> words = new ArrayList<>();
        TreeSet<String> all = new TreeSet<>(files.keySet());
        all.addAll(found.keySet());
        for (String name : all) {
            String signed = files.get(name);
            String there = found.get(name);
            if (signed == null) {
                words.add("not signed: " + name);
            } else if (there == null) {
                words.add("missing: " + name);
            } else if (!signed.equals(there)) {
                words.add("changed: " + name);
            }
        }
        return words.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", words));
    }
}
