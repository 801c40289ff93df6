package io.gatehouse.config;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.AnchorNode;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * The YAML both the configuration and the policies are written in: a tree of places, nothing constructed.
 *
 * <p>Values are never resolved, because resolving is where {@code no} becomes false, {@code 0123} becomes 83 and
 * {@code 18:30} becomes 1110: a scalar is text, and whoever reads a key decides its type. Refused with their place:
 * anchors, aliases, merge keys, explicit tags, several documents, keys that are not text, duplicate keys, more than 20
 * levels, more than 1 MiB.
 */
public final class Yaml {
    private static final int MAX_CODE_POINTS = 1 << 20;
    private static final int MAX_NESTING = 20;

    /** What YAML 1.1 takes for the end of a line. */
    public static final Pattern LINE_BREAK = Pattern.compile("\\r\\n|[\\n\\r\\u0085\\u2028\\u2029]");

    private Yaml() {}

    /** A piece of the document. */
    public sealed interface Value {
        Place place();
    }

    /**
     * Text, unresolved.
     *
     * @param quoted whether it stood in quotes or a block, so that {@code "null"} and an empty text can be told from
     *     nothing
     */
    public record Text(String text, boolean quoted, Place place) implements Value {
        /** Whether nothing was written: an empty value, {@code ~} or {@code null} without quotes. */
        public boolean isNull() {
            return !quoted && (text.isEmpty() || text.equals("~") || text.equals("null"));
        }
    }

    /** A list, in order. */
    public record Items(List<Value> values, Place place) implements Value {
        public Items {
            values = List.copyOf(values);
        }
    }

    /** A mapping, in the order of the file; no key appears twice. */
    public record Fields(List<Field> fields, Place place) implements Value {
        public Fields {
            fields = List.copyOf(fields);
        }

        /** The field with this key, or null. */
        public @Nullable Field field(String key) {
            for (Field field : fields) {
                if (field.key().equals(key)) {
                    return field;
                }
            }
            return null;
        }
    }

    /** A key and its value; {@code place} is the key's. */
    public record Field(String key, Value value, Place place) {}

    /** What was wrong with the YAML itself. */
    public enum Fault {
        SYNTAX,
        DUPLICATE_KEY,
        /** An anchor, an alias, a merge key or a tag. */
        UNSUPPORTED,
        /** Something else that this reader does not take. */
        REFUSED
    }

    /**
     * One fault.
     *
     * @param detail the scanner's own words, the key that appears twice with the line of the first, or the construct
     * @param within the keys on the way to the mapping it is in, from the top
     */
    public record Finding(Fault fault, Place place, String detail, List<String> within) {
        public Finding {
            within = List.copyOf(within);
        }
    }

    /**
     * Reads one document.
     *
     * @param file as messages name it
     * @param findings told every fault; with any, what is returned holds what could be read
     * @return the document; null if it is empty or could not be read
     */
    public static @Nullable Value read(String file, String text, Consumer<Finding> findings) {
        if (text.codePointCount(0, text.length()) > MAX_CODE_POINTS) {
            findings.accept(new Finding(Fault.REFUSED, Place.start(file), "a file larger than 1 MiB", List.of()));
            return null;
        }
        int second = text.indexOf('\uFEFF', 1);
        if (second > 0) {
            String[] lines = LINE_BREAK.split(text.substring(0, second), -1);
            String last = lines[lines.length - 1];
            int column = last.codePointCount(0, last.length()) + 1;
            findings.accept(new Finding(
                    Fault.REFUSED,
                    new Place(file, lines.length, column),
                    "a byte order mark inside a file",
                    List.of()));
            return null;
        }
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(MAX_CODE_POINTS);
        options.setNestingDepthLimit(MAX_NESTING);
        options.setMaxAliasesForCollections(0);
        try {
            Composer composer =
                    new Composer(new ParserImpl(new StreamReader(text), options), new TextResolver(), options);
            Node root = composer.getSingleNode();
            return root == null ? null : new Walk(file, findings).value(root);
        } catch (MarkedYAMLException e) {
            Mark mark = e.getProblemMark() != null ? e.getProblemMark() : e.getContextMark();
            Place place = mark == null ? Place.start(file) : inside(file, text, mark);
            boolean alias = String.valueOf(e.getProblem()).startsWith("found undefined alias");
            findings.accept(new Finding(
                    alias ? Fault.UNSUPPORTED : Fault.SYNTAX,
                    place,
                    alias ? "an anchor or alias" : sentence(e),
                    List.of()));
            return null;
        } catch (org.yaml.snakeyaml.error.YAMLException e) {
            findings.accept(new Finding(Fault.SYNTAX, Place.start(file), String.valueOf(e.getMessage()), List.of()));
            return null;
        }
    }

    private static String sentence(MarkedYAMLException e) {
        String problem =
                e.getProblem() == null ? "malformed" : e.getProblem().replaceFirst("[. ]*\\(Do not use .*", "");
        return e.getContext() == null ? problem : e.getContext() + ": " + problem;
    }

    /** A scanner that came to the end is behind the last line: that one is to blame. */
    private static Place inside(String file, String text, Mark mark) {
        String[] lines = LINE_BREAK.split(text, -1);
        int last = lines.length > 1 && lines[lines.length - 1].isEmpty() ? lines.length - 1 : lines.length;
        return mark.getLine() < last
                ? place(file, mark)
                : new Place(file, last, Math.max(1, lines[last - 1].codePointCount(0, lines[last - 1].length())));
    }

    private static Place place(String file, Mark mark) {
        return new Place(file, mark.getLine() + 1, mark.getColumn() + 1);
    }

    /** Leaves every plain scalar text. */
    private static final class TextResolver extends Resolver {
        @Override
        protected void addImplicitResolvers() {
            // none: a value's type is decided by the reader of its key
        }
    }

    /** One pass over the nodes of a file. */
    private static final class Walk {
        private final String file;
        private final Consumer<Finding> findings;
        private final Deque<String> within = new ArrayDeque<>();

        Walk(String file, Consumer<Finding> findings) {
            this.file = file;
            this.findings = findings;
        }

        Value value(Node node) {
            Place place = place(file, node.getStartMark());
            if (node instanceof AnchorNode || node.getAnchor() != null) {
                unsupported(place, "an anchor or alias");
            }
            if (isTagged(node.getStartMark())) {
                unsupported(place, "the tag " + node.getTag());
            }
            if (node instanceof ScalarNode scalar) {
                boolean plain = scalar.isPlain();
                if (scalar.getValue().indexOf('\0') >= 0) {
                    refused(place, "the character U+0000");
                }
                return new Text(scalar.getValue(), !plain, place);
            }
            if (node instanceof SequenceNode sequence) {
                List<Value> values = new ArrayList<>();
                sequence.getValue().forEach(item -> values.add(value(item)));
                return new Items(values, place);
            }
            return fields((MappingNode) node, place);
        }

        private Fields fields(MappingNode node, Place place) {
            List<Field> fields = new ArrayList<>();
            Map<String, Place> seen = new LinkedHashMap<>();
            for (NodeTuple tuple : node.getValue()) {
                Place keyPlace = place(file, tuple.getKeyNode().getStartMark());
                if (!(tuple.getKeyNode() instanceof ScalarNode keyNode)) {
                    refused(keyPlace, "a key that is not text");
                    continue;
                }
                if (isTagged(keyNode.getStartMark()) || keyNode.getAnchor() != null) {
                    unsupported(keyPlace, "an anchor or tag of a key");
                }
                String key = keyNode.getValue();
                if (key.equals("<<") && keyNode.isPlain()) {
                    unsupported(keyPlace, "a merge key");
                    continue;
                }
                Place first = seen.putIfAbsent(key, keyPlace);
                if (first != null) {
                    finding(Fault.DUPLICATE_KEY, keyPlace, key + "\n" + first.line());
                    continue;
                }
                within.addLast(key);
                fields.add(new Field(key, value(tuple.getValueNode()), keyPlace));
                within.removeLast();
            }
            return new Fields(fields, place);
        }

        /** Whether a tag is written: one that says what the node is anyway cannot be told from none afterwards. */
        private static boolean isTagged(Mark start) {
            int[] window = start.getBuffer();
            return start.getPointer() < window.length && window[start.getPointer()] == '!';
        }

        private void unsupported(Place place, String what) {
            finding(Fault.UNSUPPORTED, place, what);
        }

        private void refused(Place place, String what) {
            finding(Fault.REFUSED, place, what);
        }

        private void finding(Fault fault, Place place, String detail) {
            findings.accept(new Finding(fault, place, detail, List.copyOf(within)));
        }
    }
}
