package io.gatehouse.migration;

import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.TopicFilter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Mosquitto's {@code acl_file}, read as Mosquitto 2.1 reads it. Immutable.
 *
 * @param anonymous the {@code topic} lines before the first {@code user}: those of clients without a user name
 * @param users the {@code topic} lines of each user, in the order of the file
 * @param patterns the {@code pattern} lines, which are everybody's wherever they stand
 */
record MosquittoAcl(List<Rule> anonymous, Map<String, List<Rule>> users, List<Rule> patterns) {
    static final MosquittoAcl EMPTY = new MosquittoAcl(List.of(), Map.of(), List.of());

    /** What a line gives or takes. */
    enum Access {
        READ,
        WRITE,
        READWRITE,
        DENY;

        boolean reads() {
            return this == READ || this == READWRITE;
        }

        boolean writes() {
            return this == WRITE || this == READWRITE;
        }
    }

    /** One {@code topic} or {@code pattern} line. */
    record Rule(Access access, String filter, int line) {
        boolean denies() {
            return access == Access.DENY;
        }

        List<String> levels() {
            return List.of(filter.split("/", -1));
        }
    }

    /** Every rule, wherever it stands. */
    List<Rule> rules() {
        List<Rule> all = new ArrayList<>(anonymous);
        users.values().forEach(all::addAll);
        all.addAll(patterns);
        return all;
    }

    /**
     * Reads a file. Mosquitto 2.0 keeps what stands above a line that it cannot read; 2.1 and this take nothing of it.
     *
     * @throws NotImportable with every line that is not one of the format
     */
    static MosquittoAcl parse(String file, String text) throws NotImportable {
        List<Rule> anonymous = new ArrayList<>();
        Map<String, List<Rule>> users = new LinkedHashMap<>();
        List<Rule> patterns = new ArrayList<>();
        List<Rule> current = anonymous;
        List<String> faults = new ArrayList<>();
        int number = 0;
        for (String raw : text.split("\n", -1)) {
            number++;
            String line = raw.stripTrailing();
            if (line.startsWith("#") || line.isEmpty()) {
                continue; // a comment begins in the first column only
            }
            line = withoutLeadingSpaces(line);
            int space = line.indexOf(' ');
            String word = space < 0 ? line : line.substring(0, space);
            String rest = space < 0 ? "" : withoutLeadingSpaces(line.substring(space));
            String place = file + ":" + number + ": ";
            if (word.equals("user") && !rest.isEmpty()) {
                current = users.computeIfAbsent(rest, name -> new ArrayList<>());
            } else if ((word.equals("topic") || word.equals("pattern")) && !rest.isEmpty()) {
                try {
                    (word.equals("pattern") ? patterns : current).add(rule(rest, number));
                } catch (MalformedPacket e) {
                    faults.add(place + "\"" + printable(rest) + "\" is not a topic filter: " + e.getMessage());
                }
            } else if (word.startsWith("#")) {
                faults.add(place + "a comment begins in the first column; Mosquitto refuses the file for this one");
            } else {
                faults.add(
                        place + "\"" + printable(line) + "\" is not one of user NAME, topic [read|write|readwrite|deny]"
                                + " FILTER, pattern [...] FILTER");
            }
        }
        if (!faults.isEmpty()) {
            throw new NotImportable(faults);
        }
        return new MosquittoAcl(anonymous, users, patterns);
    }

    private static Rule rule(String rest, int line) throws MalformedPacket {
        int space = rest.indexOf(' ');
        if (space > 0) {
            for (Access access : Access.values()) {
                if (rest.substring(0, space).equals(access.name().toLowerCase(java.util.Locale.ROOT))) {
                    return new Rule(access, checked(withoutLeadingSpaces(rest.substring(space))), line);
                }
            }
        }
        return new Rule(Access.READWRITE, checked(rest), line);
    }

    private static String checked(String filter) throws MalformedPacket {
        // what stands for a user or a client is a level like any other here
        return TopicFilter.of(filter).text();
    }

    private static String withoutLeadingSpaces(String text) {
        int start = 0;
        while (start < text.length() && text.charAt(start) == ' ') {
            start++;
        }
        return text.substring(start);
    }

    static String printable(String text) {
        String cut = text.length() > 120 ? text.substring(0, 120) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
