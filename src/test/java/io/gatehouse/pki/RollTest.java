package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatehouse.pki.Inventory.Item;
import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is listed of a journal, with and without its index: always what the whole journal says. */
class RollTest {
    private static final long SEED = Long.getLong("seed", 20260101L);
    private static final int SEGMENT = 7;
    private static final int WORTH = 10;

    @TempDir
    private static Path made;

    @TempDir
    private Path temp;

    private Path pki;
    private Path journal;
    private final Random random = new Random(SEED);
    private Instant time = Instant.parse("2026-06-01T12:00:00.123456Z");

    @BeforeAll
    static void makeAnAuthority() throws Exception {
        Authority.create(made.resolve("pki"), "Greenhouses", "a passphrase for tests".toCharArray(), Clock.systemUTC())
                .close();
    }

    @BeforeEach
    void copy() throws IOException {
        pki = temp.resolve("pki");
        journal = pki.resolve("journal");
        try (Stream<Path> files = Files.walk(made.resolve("pki"))) {
            for (Path file : files.toList()) {
                Files.copy(file, pki.resolve(made.resolve("pki").relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }

    /** Appends lines as an authority writes them: each one that may follow, by the inventory's own rules. */
    private void append(int lines) throws PkiProblem {
        Journal writer = Journal.follow(journal);
        Inventory inventory = new Inventory();
        writer.catchUp(inventory::apply);
        List<Journal.Entry> all = new ArrayList<>();
        while (all.size() < lines) {
            Journal.Entry entry = entry(inventory);
            inventory.apply(entry);
            all.add(entry);
        }
        writer.append(all);
    }

    private Journal.Entry entry(Inventory inventory) {
        time = time.plusMillis(random.nextInt(100_000));
        List<Item> items = List.copyOf(inventory.items());
        Item one = items.isEmpty() ? null : items.get(random.nextInt(items.size()));
        Item held = items.stream().filter(Item::isHeld).findAny().orElse(null);
        int draw = random.nextInt(12);
        if (one == null || draw < 5) {
            Profile profile = Profile.values()[random.nextInt(Profile.values().length)];
            return line(
                    random.nextInt(4) == 0 ? "enrol" : "issue",
                    profile.word(),
                    "d-" + random.nextInt(20),
                    new BigInteger(127, random).toString(16),
                    "Q2VydGlmaWNhdGU=");
        }
        if (draw == 5) {
            return line("group", one.profile().word(), "d-" + random.nextInt(40), "-", "hall " + random.nextInt(5));
        }
        if (draw == 6) {
            return line("token", "-", "d-1", Long.toHexString(random.nextLong()), "-");
        }
        if (draw == 7 && held != null) {
            return line(
                    "release", held.profile().word(), held.id(), held.serial().toString(16), "-");
        }
        if (draw < 10) {
            boolean hold = one.revokedAt() == null && random.nextBoolean();
            return line(
                    "revoke",
                    one.profile().word(),
                    one.id(),
                    one.serial().toString(16),
                    hold ? "certificateHold" : "superseded");
        }
        return line("activate", one.profile().word(), one.id(), one.serial().toString(16), "-");
    }

    private Journal.Entry line(String action, String profile, String id, String serial, String detail) {
        String end = time.plus(Duration.ofDays(random.nextInt(400))).toString();
        return new Journal.Entry(time.toString(), "tests", action, profile, id, serial, end, "00", detail);
    }

    private List<String> listed() throws PkiProblem {
        List<String> rows = new ArrayList<>();
        Roll.of(pki, SEGMENT, WORTH).forEach(row -> {
            char[] text = new char[100];
            assertThat(new String(text, 3, row.serial(text, 3) - 3))
                    .isEqualTo(row.serial().toString(16));
            assertThat(new String(text, 3, row.id(text, 3) - 3)).isEqualTo(row.id());
            for (Instant now : List.of(Instant.EPOCH, time, time.plus(Duration.ofDays(200)), row.notAfter())) {
                assertThat(row.state(now)).isEqualTo(row.item().state(now));
            }
            rows.add(row.item() + row.group());
        });
        return rows;
    }

    /** By the inventory of all. */
    private List<String> expected() throws PkiProblem {
        Inventory inventory = Authority.view(pki);
        return inventory.items().stream()
                .map(item -> item.toString().replace("key=00", "key=-") + inventory.groupOf(item))
                .toList();
    }

    private boolean isIndexed() throws IOException {
        return new RollFile(new AuthorityFolder(pki))
                .read(JournalStamp.of(journal))
                .isPresent();
    }

    private byte[] indexed(int lines) throws Exception {
        append(lines);
        assertThat(listed()).isEqualTo(expected());
        assertThat(isIndexed()).isTrue();
        return Files.readAllBytes(pki.resolve("index"));
    }

    @Test
    void rows_areWhatTheInventorySays_asTheJournalGrows() throws Exception {
        for (int i = 0; i < 60; i++) {
            append(random.nextInt(30)); // with and without a new index
            assertThat(listed()).as("seed " + SEED + ", step " + i).isEqualTo(expected());
        }
        assertThat(isIndexed()).isTrue();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(pki.resolve("index"))))
                .isEqualTo("rw-------");
    }

    @Test
    void journal_editedWhereTheIndexCovers_isNamedAndNothingIsWrittenOver() throws Exception {
        byte[] index = indexed(100);
        settle();
        assertThat(listed()).isEqualTo(expected()); // the index says now what the file system says of the journal
        index = Files.readAllBytes(pki.resolve("index"));
        FileTime before = Files.getLastModifiedTime(journal);
        String text = Files.readString(journal);
        int at = text.indexOf("\tissue\t", text.length() / 2);
        String edited = text.substring(0, at) + "\tIssue\t" + text.substring(at + 7);
        Files.writeString(journal, edited);
        Files.setLastModifiedTime(journal, before); // as a careful editor does
        long line = text.substring(0, at).lines().count();

        assertThatThrownBy(this::listed)
                .isInstanceOfSatisfying(
                        PkiProblem.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT))
                .hasMessageContaining("journal:" + line + ": the journal was changed here");
        assertThat(Files.readString(journal)).isEqualTo(edited);
        assertThat(Files.readAllBytes(pki.resolve("index"))).isEqualTo(index);

        Files.writeString(journal, text);
        assertThat(listed()).isEqualTo(expected());
    }

    /** Makes the last change of the journal older than what a stamp needs. */
    private void settle() throws Exception {
        org.awaitility.Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> !JournalStamp.of(journal).text().isEmpty());
    }

    @Test
    void journal_ofAnotherTime_isListedAsItIs() throws Exception {
        append(50);
        byte[] backup = Files.readAllBytes(journal);
        indexed(50);
        Files.write(journal, backup);
        assertThat(listed()).as("shorter than the index").isEqualTo(expected());
        append(80); // longer, with other lines
        assertThat(listed()).isEqualTo(expected());
        assertThat(isIndexed()).isTrue();
        Files.write(
                journal,
                "17\thalf a li".getBytes(java.nio.charset.StandardCharsets.UTF_8),
                java.nio.file.StandardOpenOption.APPEND);
        assertThat(listed()).as("a line that is just being written").isEqualTo(expected());
    }

    @Test
    void journal_withALineThatCannotFollowAfterTheIndex_isNamed() throws Exception {
        indexed(100);
        long lines = Ledger.verify(pki, java.util.Optional.empty()).lines();
        Journal writer = Journal.follow(journal);
        writer.catchUp(entry -> {});
        Item item = Authority.view(pki).items().stream()
                .filter(one -> !one.isHeld())
                .findFirst()
                .orElseThrow();
        writer.append(List.of(
                line("release", item.profile().word(), item.id(), item.serial().toString(16), "-")));
        assertThatThrownBy(this::listed).hasMessageContaining("journal:" + (lines + 1) + ": the journal was changed");
    }

    @Test
    void index_tornOrOverwritten_isAsIfItWereNotThere() throws Exception {
        byte[] index = indexed(200);
        for (int i = 0; i < 60; i++) {
            int at = random.nextInt(index.length);
            byte[] broken = index.clone();
            broken[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(pki.resolve("index"), i % 2 == 0 ? broken : java.util.Arrays.copyOf(index, at));
            assertThat(isIndexed()).as("seed " + SEED + ", byte " + at).isFalse();
        }
        assertThat(listed()).isEqualTo(expected());
        assertThat(isIndexed()).as("written anew").isTrue();
    }

    @Test
    void folder_thatIsNotOurs_isListedAndNotWritten() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "SKIPPED: giving a folder away needs root");
        append(100);
        Files.setOwner(pki, pki.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
        assertThat(listed()).isEqualTo(expected());
        assertThat(pki.resolve("index")).doesNotExist();
    }

    @Test
    void index_whoseWriterWasKilled_leavesNothingForLong() throws Exception {
        Path old = Files.createFile(pki.resolve(".index1.new"));
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        Path fresh = Files.createFile(pki.resolve(".index2.new"));
        indexed(100);
        assertThat(old).doesNotExist();
        assertThat(fresh).as("perhaps of one that is at work").exists();
    }
}
