package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Fault;
import io.gatehouse.pki.PkiProblem.Kind;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A fleet as a table (CSV, RFC 4180): a header with {@code id} and, optionally, {@code serial_number}, {@code profile},
 * {@code validity}, {@code csr_file}, {@code san_uri}, {@code group} and {@code note}, the one whose cells may span lines.
 * Immutable.
 *
 * <p>It is judged whole: either every line is good, or every fault is named and nothing is issued.
 *
 * @param file where it was read
 * @param rows the lines that are good by themselves
 * @param faults of the others; with one, nothing is issued
 */
public record Fleet(Path file, List<Row> rows, List<Found> faults) {
    private static final List<String> COLUMNS = List.of(
            "id", "serial_number", "profile", "validity", "validity_days", "csr_file", "san_uri", "group", "note");
    private static final int MAX_SHOWN = 50;

    /** One device. */
    public record Row(
            int line,
            String id,
            Profile profile,
            Duration validity,
            @Nullable String deviceSerial,
            Optional<Csr> csr,
            Labels labels) {
        /** Whether its certificate has no end, as those of the factory. */
        public boolean isEndless() {
            return validity.equals(ProfileSettings.WITHOUT_END);
        }
    }

    /** A fault, and the line that it is on. */
    record Found(int line, Fault fault) {}

    public Fleet {
        rows = List.copyOf(rows);
        faults = List.copyOf(faults);
    }

    /**
     * Reads a file and judges it by itself. What it is to the authority judges {@link FleetCheck}, and names the faults of
     * both at once; {@link #requireGood} is for those that do not ask it.
     *
     * @param validity where the table says none; null: what the profile says
     * @param book the profiles of the authority that is to sign
     */
    public static Fleet read(Path file, @Nullable Duration validity, ProfileBook book) throws PkiProblem {
        Reader reader = new Reader(file, validity, book);
        List<Row> rows = reader.rows();
        return new Fleet(file, rows, reader.faults);
    }

    /** Refuses a table with faults. */
    public void requireGood() throws PkiProblem {
        if (!faults.isEmpty()) {
            throw refusal(faults);
        }
    }

    /** A fault of a line, whose place comes first. */
    Found fault(String code, int line, String text) {
        return fault(file, code, line, text);
    }

    private static Found fault(Path file, String code, int line, String text) {
        return new Found(line, new Fault(code, file + ":" + line + ": " + text));
    }

    /** All of them in the order of the lines, as far as anybody reads. */
    static PkiProblem refusal(List<Found> faults) {
        List<Fault> shown = new ArrayList<>(faults.stream()
                .sorted(Comparator.comparingInt(Found::line))
                .map(Found::fault)
                .limit(MAX_SHOWN)
                .toList());
        int more = faults.size() - shown.size();
        shown.add(new Fault(Kind.INPUT.name(), (more > 0 ? "and " + more + " more; " : "") + "nothing was issued"));
        return new PkiProblem(Kind.INPUT, shown);
    }

    /** Reads one file. */
    private static final class Reader {
        private final Path file;
        private final @Nullable Duration validity;
        private final ProfileBook book;
        private final List<Found> faults = new ArrayList<>();
        private final Map<String, Integer> seen = new HashMap<>();
        private final Map<String, Integer> uris = new HashMap<>();

        private Reader(Path file, @Nullable Duration validity, ProfileBook book) {
            this.file = file;
            this.validity = validity;
            this.book = book;
        }

        private List<Row> rows() throws PkiProblem {
            String text;
            try {
                text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(java.nio.ByteBuffer.wrap(Pem.bytes(file)))
                        .toString();
            } catch (CharacterCodingException e) {
                throw new PkiProblem(Kind.INPUT, file + ": not UTF-8 text");
            }
            CsvRecords records = new CsvRecords(text, (line, why) -> fault("CSV_QUOTE", line, why));
            Optional<CsvRecords.Cells> first = records.next();
            if (first.isEmpty() && faults.isEmpty()) {
                throw new PkiProblem(Kind.INPUT, file + ":1: empty; the first line names the columns, id among them");
            }
            return first.isEmpty() || !faults.isEmpty() ? List.of() : rows(first.get(), records);
        }

        private List<Row> rows(CsvRecords.Cells first, CsvRecords records) {
            List<String> header = first.cells().stream()
                    .map(name -> name.trim().toLowerCase(Locale.ROOT))
                    .toList();
            for (String name : header) {
                if (!COLUMNS.contains(name)) {
                    fault(
                            "CSV_COLUMN",
                            first.line(),
                            "unknown column \"" + Profile.shown(name) + "\"; known are " + String.join(", ", COLUMNS));
                }
            }
            if (!header.contains("id")) {
                fault("CSV_COLUMN", first.line(), "no column id");
                return List.of();
            }
            List<Row> rows = new ArrayList<>();
            for (Optional<CsvRecords.Cells> next = records.next(); next.isPresent(); next = records.next()) {
                row(next.get().line(), header, next.get().cells()).ifPresent(rows::add);
            }
            if (rows.isEmpty() && faults.isEmpty()) {
                fault("CSV_EMPTY", first.line(), "the columns are named, and no device follows");
            }
            return rows;
        }

        private Optional<Row> row(int line, List<String> header, List<String> cells) {
            if (cells.size() != header.size()) {
                fault("CSV_CELLS", line, cells.size() + " cells, where the header has " + header.size());
                return Optional.empty();
            }
            Map<String, String> values = new HashMap<>();
            for (int i = 0; i < header.size(); i++) {
                values.put(header.get(i), cells.get(i).trim());
                if (!header.get(i).equals("note") && cells.get(i).trim().contains("\n")) {
                    fault(
                            "CSV_BREAK",
                            line,
                            "the cell of \"" + header.get(i) + "\" goes on in the next line; only a note may. Take the"
                                    + " line break out, or close the quote before it");
                    return Optional.empty();
                }
            }
            String id = values.getOrDefault("id", "");
            Integer before = seen.putIfAbsent(id, line);
            if (before != null) {
                fault("CSV_DUP_ID", line, "id \"" + Profile.shown(id) + "\" is on line " + before + " already");
                return Optional.empty();
            }
            try {
                return Optional.of(judged(line, id, values));
            } catch (PkiProblem e) {
                fault("CSV_VALUE", line, String.valueOf(e.getMessage()));
                return Optional.empty();
            }
        }

        private void fault(String code, int line, String text) {
            faults.add(Fleet.fault(file, code, line, text));
        }

        private Row judged(int line, String id, Map<String, String> values) throws PkiProblem {
            Profile.requireId(id);
            Profile profile = switch (values.getOrDefault("profile", "")) {
                case "", "device" -> Profile.DEVICE;
                case "administrator" -> Profile.ADMINISTRATOR;
                case "idevid" -> Profile.IDEVID;
                default ->
                    throw new PkiProblem(
                            Kind.INPUT,
                            "unknown profile \"" + Profile.shown(values.getOrDefault("profile", ""))
                                    + "\"; a fleet has device, administrator and idevid");
            };
            Duration time =
                    time(values, validity == null ? profile.settings(book).validity() : validity);
            String serial = values.getOrDefault("serial_number", "");
            String csrFile = values.getOrDefault("csr_file", "");
            Path folder = file.toAbsolutePath().getParent();
            Optional<Csr> csr = csrFile.isEmpty() || folder == null
                    ? Optional.empty()
                    : Optional.of(Csr.read(folder.resolve(csrFile)));
            if (csr.isPresent()) {
                profile.permit(csr.get().request(profile, Optional.of(id), time), book);
            }
            profile.requireRow(time, serial.isEmpty() ? null : serial, book);
            return new Row(
                    line, id, profile, time, serial.isEmpty() ? null : serial, csr, labels(line, profile, values));
        }

        private static Duration time(Map<String, String> values, Duration unsaid) throws PkiProblem {
            String days = values.getOrDefault("validity_days", "");
            String time = values.getOrDefault("validity", "");
            if (!days.matches("[1-9][0-9]{0,3}|")) {
                throw new PkiProblem(
                        Kind.INPUT, "validity_days \"" + Profile.shown(days) + "\" is not a number from 1 to 3650");
            }
            if (!days.isEmpty() && !time.isEmpty()) {
                throw new PkiProblem(Kind.INPUT, "validity and validity_days: say one of them");
            }
            if (time.isEmpty()) {
                return days.isEmpty() ? unsaid : Duration.ofDays(Integer.parseInt(days));
            }
            return Lifetime.of(time)
                    .orElseThrow(() -> new PkiProblem(
                            Kind.INPUT,
                            "validity \"" + Profile.shown(time)
                                    + "\" is not a time such as 90 (days), 90d, 12h or 1y"));
        }

        private Labels labels(int line, Profile profile, Map<String, String> values) throws PkiProblem {
            String uri = values.getOrDefault("san_uri", "");
            String group = values.getOrDefault("group", "");
            Labels labels = new Labels(uri.isEmpty() ? null : uri, group.isEmpty() ? null : group);
            labels.require(profile);
            Integer before = uri.isEmpty() ? null : uris.putIfAbsent(uri, line);
            if (before != null) {
                throw new PkiProblem(
                        Kind.INPUT, "the san_uri " + uri + " is on line " + before + " already; it names one holder");
            }
            return labels;
        }
    }
}
