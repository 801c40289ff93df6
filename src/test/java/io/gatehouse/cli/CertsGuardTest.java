package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.cli.CertsCalls.Answer;
import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.StoredPassphrase;
import io.gatehouse.pki.TornTail;
import io.gatehouse.tls.AttachedAuthority;
import io.gatehouse.tls.UnusableTls;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An authority's folder that lost something, or that somebody changed: every command names it, and none makes it worse.
 * {@code scripts/mutants} breaks what is in the room of the authority against this class.
 */
class CertsGuardTest {
    private static final int POLICY = 4;
    private static final int NOT_FOUND = 5;
    private static final int PASSPHRASE = 7;
    private static final int CORRUPT = 10;

    @TempDir
    private static Path once;

    @TempDir
    private Path temp;

    /** A copy of an authority with two devices, of which one is revoked, and lists numbered 1 to 2. */
    private Path pki;

    @BeforeAll
    static void authority() {
        Path whole = once.resolve("pki");
        done("init", "--generate-passphrase", "--san-uri", "urn:acme:{id}", "-d", whole);
        done("device", "pump-1", "-d", whole);
        done("device", "pump-2", "-d", whole);
        done("revoke", "pump-2", "-d", whole);
        done("crl", "-d", whole);
    }

    @BeforeEach
    void copy() throws IOException {
        pki = temp.resolve("pki");
        copy(once.resolve("pki"), pki);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path one : files.toList()) {
                Files.copy(one, to.resolve(from.relativize(one)), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }

    /** Every file with its content, but for the lock. */
    private static Map<String, String> files(Path folder) throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path one : files.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith("lock"))
                    .toList()) {
                all.put(
                        folder.relativize(one).toString(),
                        Files.readString(one, java.nio.charset.StandardCharsets.ISO_8859_1));
            }
        }
        return all;
    }

    // what others can write, or read

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwx---", "rwx---rwx"})
    void folder_thatOthersCanWrite_isRefusedByReadersToo_andDoctorNamesIt(String mode) throws Exception {
        Files.setPosixFilePermissions(pki, PosixFilePermissions.fromString(mode));
        Map<String, String> before = files(pki);
        for (List<Object> command : List.<List<Object>>of(
                List.of("list"),
                List.of("inspect", "pump-1"),
                List.of("verify", once.resolve("pki/out/pump-1/cert.pem")),
                List.of("lint", "--all"),
                List.of("token", "list"),
                List.of("request", "list"),
                List.of("crl", "--check"),
                List.of("audit", "verify"),
                List.of("audit", "export"),
                List.of("doctor", "--crypto-inventory"),
                List.of("device", "pump-3"))) {
            Answer answer =
                    certs(Stream.concat(command.stream(), Stream.of("-d", pki)).toArray());
            assertThat(answer.exitCode()).as(command + ": " + answer.err()).isEqualTo(POLICY);
            assertThat(answer.err())
                    .as(command.toString())
                    .isEqualTo("certs: error[POLICY] " + pki + ": others can write here. Run: chmod 700 " + pki + "\n");
        }
        assertThatThrownBy(() -> AttachedAuthority.open(pki))
                .isInstanceOf(UnusableTls.class)
                .hasMessageContaining("chmod 700");
        assertThat(certs("doctor", "-d", pki).out()).contains(pki + ": others can write it");
        assertThat(files(pki)).isEqualTo(before);
    }

    /** An auditor, or a broker, with a user of its own. */
    @Test
    void folder_thatOthersCanRead_isRead() throws Exception {
        Files.setPosixFilePermissions(pki, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(pki.resolve("journal"), PosixFilePermissions.fromString("rw-r--r--"));

        assertThat(done("list", "-d", pki)).contains("pump-1");
        assertThat(AttachedAuthority.open(pki).poll().revoked()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"root", "device", "server"})
    void key_thatOthersCanRead_signsNothing(String authority) throws Exception {
        Path key = pki.resolve("ca/" + authority + ".key");
        Map<String, String> before = files(pki);
        for (String mode : List.of("rw-r--r--", "rw-r-----", "rw--w----")) {
            Files.setPosixFilePermissions(key, PosixFilePermissions.fromString(mode));

            Answer answer = certs("device", "pump-3", "-d", pki);

            assertThat(answer.exitCode()).as(answer.err()).isEqualTo(POLICY);
            assertThat(answer.err())
                    .isEqualTo("certs: error[POLICY] " + key
                            + ": a secret key that others can read or write. Run: chmod 600 " + key + "\n");
        }
        assertThat(files(pki)).isEqualTo(before);
        done("list", "-d", pki);
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        done("device", "pump-3", "-d", pki);
    }

    // a passphrase that is another's

    @Test
    void passphrase_thatIsAnothers_changesNothing() throws Exception {
        done("token", "new", "pump-4", "-d", pki);
        done("revoke", "pump-1", "--reason", "certificateHold", "-d", pki);
        Path wrong = Files.writeString(temp.resolve("wrong"), "not-the-passphrase\n");
        Files.setPosixFilePermissions(wrong, PosixFilePermissions.fromString("rw-------"));
        Map<String, String> before = files(pki);
        for (List<Object> command : List.<List<Object>>of(
                List.of("revoke", "pump-1"),
                List.of("revoke", "pump-1", "--no-publish"),
                List.of("release", "pump-1"),
                List.of("release", "pump-1", "--no-publish"),
                List.of("crl"),
                List.of("token", "revoke", "pump-4"),
                List.of("request", "refuse", "pump-5", "--fingerprint", "00"),
                List.of("request", "approve", "pump-5", "--fingerprint", "00"))) {
            Answer answer = certs(Stream.concat(command.stream(), Stream.of("--passphrase-file", wrong, "-d", pki))
                    .toArray());
            assertThat(answer.exitCode()).as(command + ": " + answer.err()).isEqualTo(PASSPHRASE);
            assertThat(answer.out()).as(command.toString()).isEmpty();
        }
        assertThat(files(pki)).isEqualTo(before);
    }

    // a journal whose end is torn

    private static final String TORN = "6\t2026-01-01T00:00:00Z\troot\tiss";

    private Path tear() throws IOException {
        Path journal = pki.resolve("journal");
        Files.writeString(journal, TORN, StandardOpenOption.APPEND);
        return journal;
    }

    @Test
    void journal_torn_isNamedByReaders_andLeftAsItIs() throws Exception {
        Path journal = tear();
        Map<String, String> before = files(pki);
        for (List<Object> command : List.<List<Object>>of(
                List.of("list"),
                List.of("list", "--json"),
                List.of("inspect", "pump-1"),
                List.of("lint", "--all"),
                List.of("token", "list"),
                List.of("request", "list"),
                List.of("crl", "--check"),
                List.of("audit", "verify"),
                List.of("audit", "export"),
                List.of("doctor", "--crypto-inventory"))) {
            Answer answer =
                    certs(Stream.concat(command.stream(), Stream.of("-d", pki)).toArray());
            assertThat(answer.exitCode()).as(command + ": " + answer.err()).isZero();
            assertThat(answer.err())
                    .as(command.toString())
                    .startsWith("certs: warning: " + journal + ": the last " + TORN.length() + " bytes are")
                    .contains("nothing was issued by it", "the next command that writes", "sets it aside")
                    .hasLineCount(1);
        }
        assertThat(Json.object(done("audit", "verify", "--json", "-d", pki)))
                .containsEntry("lines", 6)
                .containsEntry("tornBytes", TORN.length());
        Answer doctor = certs("doctor", "-d", pki);
        assertThat(doctor.exitCode()).isEqualTo(9);
        assertThat(doctor.out()).contains(journal + ": the last " + TORN.length() + " bytes are");
        assertThat(AttachedAuthority.open(pki).tornTail())
                .hasValueSatisfying(tail -> assertThat(tail.bytes()).isEqualTo(TORN.length()));
        assertThat(files(pki)).isEqualTo(before);
    }

    /** What ends without a newline while somebody has the lock is a line that is being written. */
    @Test
    void journal_thatIsBeingWritten_isNotNamed() throws Exception {
        try (Authority writer = Authority.open(pki, StoredPassphrase.beside(pki), Clock.systemUTC())) {
            tear();
            assertThat(writer.takeAside()).isEmpty();
            assertThat(certs("list", "-d", pki).err()).isEmpty();
        }
        assertThat(certs("list", "-d", pki).err()).isNotEmpty();
    }

    /** Who may not try the lock looks twice. */
    @Test
    void journal_torn_withoutALock_isNamed_andALineThatIsWrittenMeanwhileIsNot() throws Exception {
        Path journal = tear();
        Files.delete(pki.resolve("lock"));
        assertThat(certs("list", "-d", pki).err()).contains(TORN.length() + " bytes");
        assertThat(pki.resolve("lock")).doesNotExist();

        AtomicBoolean done = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            while (!done.get()) {
                append(journal, "x");
                LockSupport.parkNanos(20_000_000);
            }
        });
        writer.start();
        assertThat(TornTail.of(pki)).isEmpty();
        done.set(true);
        writer.join();
    }

    private static void append(Path file, String text) {
        try {
            Files.writeString(file, text, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void journal_torn_isSetAsideByTheNextCommandThatWrites_whichSaysWhere() throws Exception {
        Path journal = pki.resolve("journal");
        String whole = Files.readString(journal);
        tear();

        Answer answer = certs("device", "pump-3", "--json", "-d", pki);

        assertThat(answer.exitCode()).as(answer.err()).isZero();
        assertThat(Json.object(answer.out())).containsKey("files");
        assertThat(Files.readString(journal)).startsWith(whole).doesNotContain(TORN);
        try (Stream<Path> files = Files.list(pki)) {
            Path torn = files.filter(one -> String.valueOf(one.getFileName()).startsWith("journal.torn-"))
                    .findFirst()
                    .orElseThrow();
            assertThat(torn).hasContent(TORN);
            assertThat(answer.err()).isEqualTo("certs: warning: " + TornTail.setAside(torn) + "\n");
        }
        assertThat(done("audit", "verify", "-d", pki)).contains("none changed");
        assertThat(certs("list", "-d", pki).err()).isEmpty();
    }

    @Test
    void journal_torn_isSetAsideByASigner_whichSaysWhere() throws Exception {
        tear();
        Path said = temp.resolve("serve.err");
        Process signer = CertsCalls.process("serve", "--signer", "unix:" + temp.resolve("s"), "-d", pki)
                .redirectError(said.toFile())
                .start();
        try (BufferedReader lines = signer.inputReader(StandardCharsets.UTF_8)) {
            assertThat(lines.readLine()).as(Files.readString(said)).startsWith("the signer is ready");
            assertThat(Files.readString(said)).containsOnlyOnce("journal.torn-").contains("nothing was issued by it");
        } finally {
            signer.destroy();
            assertThat(signer.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    // a journal that is gone

    @ParameterizedTest
    @ValueSource(strings = {"missing", "empty", "no whole line", "another first line"})
    void journal_lost_isNamedByEveryCommandAndNothingIsWritten(String how) throws Exception {
        Path journal = pki.resolve("journal");
        String first = Files.readAllLines(journal).get(0);
        switch (how) {
            case "missing" -> Files.delete(journal);
            case "empty" -> Files.writeString(journal, "");
            case "no whole line" -> Files.writeString(journal, first.substring(0, 40));
            default -> Files.writeString(journal, withoutItsMaking(first));
        }
        Map<String, String> before = files(pki);
        Path table = Files.writeString(temp.resolve("fleet.csv"), "id\nvalve-1\n");

        for (List<Object> command : List.<List<Object>>of(
                List.of("device", "pump-3"),
                List.of("server", "mqtt", "--dns", "mqtt.example.com"),
                List.of("batch", table, "-o", temp.resolve("fleet.tar")),
                List.of("renew", "pump-1"),
                List.of("revoke", "pump-1"),
                List.of("token", "new", "pump-3"),
                List.of("crl"),
                List.of("crl", "--check"),
                List.of("list"),
                List.of("audit", "verify"),
                List.of("audit", "export"),
                List.of("lint", "--all"),
                List.of("doctor"),
                List.of("doctor", "--crypto-inventory"),
                List.of("backup", temp.resolve("backup")),
                List.of("serve", "--signer", "unix:" + temp.resolve("signer")))) {
            Answer answer =
                    certs(Stream.concat(command.stream(), Stream.of("-d", pki)).toArray());
            assertThat(answer.exitCode()).as(command + ": " + answer.err()).isEqualTo(CORRUPT);
            assertThat(answer.err())
                    .as(command.toString())
                    .startsWith("certs: error[CORRUPT] " + journal)
                    .contains("gatehouse certs restore")
                    .hasLineCount(1);
        }
        assertThat(certs("init", "--generate-passphrase", "-d", pki).exitCode())
                .as("an authority is never made over one")
                .isEqualTo(3);
        assertThat(files(pki)).isEqualTo(before);
        assertThat(temp.resolve("fleet.tar")).doesNotExist();
    }

    /** A first line with a good hash, which is not that of the making. */
    private static String withoutItsMaking(String first) throws Exception {
        String[] parts = first.split("\t", -1);
        parts[3] = "crl";
        parts[9] = "1";
        return line(parts);
    }

    /** A line with a good hash: of its fields, and the hash of the line before. */
    private static String line(String[] parts) throws Exception {
        String body = String.join("\t", List.of(parts).subList(0, 11));
        String hash = java.util.HexFormat.of()
                .formatHex(java.security.MessageDigest.getInstance("SHA-256")
                        .digest(body.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        return body + "\t" + hash + "\n";
    }

    // lines with good hashes that no authority writes

    /**
     * Appends a line as who knows how can: a copy of another with some fields in other words.
     *
     * @param from the line it is a copy of; counted from 1
     * @param changes a field and its text each; {@code @N.F}: field F of line N
     */
    private void forge(int from, String... changes) throws Exception {
        List<String> lines = Files.readAllLines(pki.resolve("journal"));
        String[] last = lines.get(lines.size() - 1).split("\t", -1);
        String[] parts = lines.get(from - 1).split("\t", -1);
        parts[0] = Integer.toString(lines.size() + 1);
        parts[1] = last[1];
        parts[10] = last[11];
        for (int i = 0; i < changes.length; i += 2) {
            String text = changes[i + 1];
            if (text.startsWith("@")) {
                String[] place = text.substring(1).split("[.]");
                text = lines.get(Integer.parseInt(place[0]) - 1).split("\t", -1)[Integer.parseInt(place[1])];
            }
            parts[Integer.parseInt(changes[i])] = text;
        }
        Files.writeString(pki.resolve("journal"), line(parts), StandardOpenOption.APPEND);
    }

    // fields: 1 time, 3 action, 4 profile, 5 id, 6 serial, 7 end, 8 key, 9 detail; lines: 1 create, 2 and 3 issue, 4
    // revoke,
    // 5 and 6 crl
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "1; ; a making of the authority after it did something",
                "3; ; was issued before",
                "3;6,abcd; its serial, end or key is not that of the certificate in it",
                "3;6,abcd,7,2030-01-01T00:00:00Z; its serial, end or key is not that of the certificate in it",
                "3;6,abcd,9,AAAA; no certificate in it",
                "4;6,abcd; revoke of what was never issued",
                "4;6,@2.6; 'revoke of serial'",
                "4;6,@2.6,5,pump-1,4,server; 'revoke of serial'",
                "4;3,release,9,-; a release of what was revoked for unspecified",
                "4;3,release,9,-,5,pump-1,6,@2.6; a release of what was not on hold",
                "4;3,retire,6,abcd,9,2030-01-01T00:00:00Z; retire of what was never issued",
                "4;3,activate,6,abcd,9,-; activate of what was never issued",
                "4;3,activate,9,-; an activation of what was not pending",
                "6; ; list number 2 after 2",
                "6;9,1; list number 1 after 2",
                "6;9,many; 'a time, a number or a profile that is none'",
                "6;9,3,1,yesterday; 'a time, a number or a profile that is none'",
                "3;4,toaster; 'a time, a number or a profile that is none'",
                "6;3,nonsense; unknown action nonsense",
                "6;3,token-used,6,abcd,5,pump-3,7,2030-01-01T00:00:00Z; 'token-used of what was never made for \"pump-3\"'",
                "6;3,request-approved,6,abcd,5,pump-3,7,2030-01-01T00:00:00Z; a key that did not wait for \"pump-3\"",
                "6;3,uri,4,device,5,pump-2,9,urn:acme:pump-1; the URI urn:acme:pump-1 is that of \"pump-1\"",
            })
    void journal_withALineThatNoAuthorityWrites_isNamedByTheAudit(int from, String changes, String why)
            throws Exception {
        forge(from, changes == null ? new String[0] : changes.split(","));

        Answer audit = certs("audit", "verify", "-d", pki);

        assertThat(audit.exitCode()).as(audit.out() + audit.err()).isEqualTo(CORRUPT);
        assertThat(audit.out())
                .startsWith(pki.resolve("journal") + ":7: ")
                .contains(why)
                .hasLineCount(1);
        assertThat(audit.err())
                .hasLineCount(1)
                .startsWith("certs: error[CORRUPT] " + pki + ": 1 of 7 lines are nothing that an authority writes")
                .contains("gatehouse certs restore");
    }

    @Test
    void journal_withAnotherIssueOfARevokedSerial_stopsEveryCommand() throws Exception {
        forge(3); // it would let in again who was revoked
        for (Answer answer :
                List.of(certs("list", "-d", pki), certs("crl", "-d", pki), certs("device", "pump-3", "-d", pki))) {
            assertThat(answer.exitCode()).isEqualTo(CORRUPT);
            assertThat(answer.err()).contains(":7: the journal was changed here (serial ", " was issued before)");
        }
    }

    @Test
    void journal_withUsedTokensUsedAgain_isNamed_andEachLineOfMany() throws Exception {
        done("token", "new", "pump-3", "-d", pki); // line 7
        forge(7, "3", "token-revoked");
        assertThat(done("audit", "verify", "-d", pki)).contains("8 lines, none changed");
        forge(7, "3", "token-used");
        forge(7);
        Answer audit = certs("audit", "verify", "--json", "-d", pki);
        assertThat(audit.exitCode()).isEqualTo(CORRUPT);
        assertThat(io.gatehouse.json.Json.object(audit.out()))
                .containsEntry(
                        "findings",
                        List.of(
                                pki.resolve("journal") + ":9: token-used of what was used or taken back before",
                                pki.resolve("journal") + ":10: a token that was made before"));
    }

    /** A clock may be put back, also by who is right to do it. */
    @Test
    void journal_ofAClockThatWasPutBack_isWhole_andTheLineIsNamed() throws Exception {
        forge(6, "9", "3", "1", "2020-01-01T00:00:00Z");
        assertThat(done("audit", "verify", "-d", pki))
                .contains(
                        pki.resolve("journal") + ":7: it was written at 2020-01-01T00:00:00Z, and the line before at ")
                .contains("7 lines, none changed");
    }

    @Test
    void journal_olderThanThePublishedList_isNamedAndNothingIsPublished() throws Exception {
        Path journal = pki.resolve("journal");
        List<String> lines = Files.readAllLines(journal);
        Files.writeString(journal, String.join("\n", lines.subList(0, 3)) + "\n"); // before the revocation
        Map<String, String> before = files(pki);

        Answer crl = certs("crl", "-d", pki);
        assertThat(crl.exitCode()).isEqualTo(CORRUPT);
        assertThat(crl.err())
                .contains("device.crl: its number is 2, and the last in the journal is 0", "gatehouse certs restore");
        assertThat(files(pki)).isEqualTo(before);
        Answer check = certs("crl", "--check", "-d", pki);
        assertThat(check.exitCode()).isEqualTo(9);
        assertThat(check.out()).contains("device.crl: its number is 2, and the last in the journal is 0");
    }

    @Test
    void list_thatIsNotOfThisAuthority_isWrittenOver() throws Exception {
        Files.writeString(pki.resolve("crl/device.crl"), "no list");

        done("crl", "-d", pki);

        assertThat(done("crl", "--check", "-d", pki)).contains("the lists say what the journal says");
    }

    // an init that was killed

    @ParameterizedTest
    @ValueSource(
            strings = {
                "journal,ca/root.crt,ca/device.key,ca/device.crt,ca/server.key,ca/server.crt,trust",
                "journal,ca/device.key,ca/device.crt,ca/server.key,ca/server.crt,trust/device-ca.pem",
                "ca/device.key,ca/device.crt,ca/server.key,ca/server.crt,trust/device-ca.pem",
                "ca/device.crt,ca/server.key,ca/server.crt",
                "ca/server.crt"
            })
    void init_killedBetweenItsSteps_isDoneAgain(String notMadeYet) throws Exception {
        Path fresh = temp.resolve("fresh");
        copy(once.resolve("pki"), fresh);
        List<String> lines = Files.readAllLines(fresh.resolve("journal"));
        // torn, as a kill leaves it
        Files.writeString(
                fresh.resolve("journal"), lines.get(0) + "\n" + lines.get(1).substring(0, 30));
        delete(fresh.resolve("crl"));
        delete(fresh.resolve("out"));
        for (String file : notMadeYet.split(",")) {
            delete(fresh.resolve(file));
        }
        assertThat(certs("device", "pump-3", "-d", fresh).exitCode()).isEqualTo(NOT_FOUND);

        done("init", "--generate-passphrase", "-d", fresh);

        done("device", "pump-3", "-d", fresh);
        assertThat(done("verify", fresh.resolve("out/pump-3/cert.pem"), "-d", fresh))
                .contains("accepted");
        assertThat(done("audit", "verify", "-d", fresh)).contains("none changed");
    }

    private static void delete(Path path) throws IOException {
        if (Files.exists(path)) {
            try (Stream<Path> files = Files.walk(path)) {
                for (Path one :
                        files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(one);
                }
            }
        }
    }

    @Test
    void init_whereAnAuthorityLostItsJournalAndItsServersCertificate_overwritesNoKey() throws Exception {
        Files.delete(pki.resolve("journal"));
        Files.delete(pki.resolve("ca/server.crt"));
        Map<String, String> before = files(pki);

        Answer init = certs("init", "--generate-passphrase", "-d", pki);

        assertThat(init.exitCode()).isEqualTo(CORRUPT);
        assertThat(init.err()).contains("its keys are not overwritten", "backup");
        assertThat(files(pki)).isEqualTo(before);
    }

    /** What another key signs nobody takes: not the device's broker, and not the broker's devices. */
    @ParameterizedTest
    @ValueSource(strings = {"server.key", "server.crt"})
    void issuingAuthority_withAnothersKeyOrCertificate_issuesNothing(String other) throws Exception {
        Path ca = pki.resolve("ca");
        Path replaced = ca.resolve(other.replace("server", "device"));
        Files.copy(ca.resolve(other), replaced, StandardCopyOption.REPLACE_EXISTING);
        Map<String, String> before = files(pki);

        for (Answer answer :
                List.of(certs("device", "pump-3", "-d", pki), certs("token", "new", "pump-3", "-d", pki))) {
            assertThat(answer.exitCode()).isEqualTo(CORRUPT);
            assertThat(answer.err())
                    .hasLineCount(1)
                    .contains("device.key: not the key of", "device.crt. Restore", "certs restore");
        }
        assertThat(certs("doctor", "-d", pki).out()).contains("device.key: not the key of");
        assertThat(files(pki)).isEqualTo(before);
    }

    @Test
    void issuingAuthority_ofAnotherRoot_issuesNothing() throws Exception {
        Path foreign = temp.resolve("foreign");
        done("init", "--generate-passphrase", "-d", foreign);
        for (String name : List.of("ca/device.key", "ca/device.crt", "passphrase")) {
            Files.copy(foreign.resolve(name), pki.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
        Answer answer = certs("device", "pump-3", "-d", pki);
        assertThat(answer.exitCode()).isEqualTo(CORRUPT);
        assertThat(answer.err()).hasLineCount(1).contains("device.crt: not signed by this authority's root");
    }

    @Test
    void issuingAuthority_withoutItsKey_saysWhatIsMissing() throws Exception {
        Files.delete(pki.resolve("ca/device.key"));
        Answer answer = certs("device", "pump-3", "-d", pki);
        assertThat(answer.exitCode()).isEqualTo(NOT_FOUND);
        assertThat(answer.err()).hasLineCount(1).contains("device.key: no such file", "certs restore");
        assertThat(certs("doctor", "-d", pki).out()).contains("device.key: no such file");
    }

    @Test
    void doctor_seesAKeyThatIsNotEncrypted_andARevocationThatNobodyWasTold() throws Exception {
        Files.copy(
                pki.resolve("out/pump-1/key.pem"), pki.resolve("ca/server.key"), StandardCopyOption.REPLACE_EXISTING);
        done("revoke", "pump-1", "--no-publish", "-d", pki);
        Files.delete(pki.resolve("crl/server.crl"));
        Answer doctor = certs("doctor", "-d", pki);
        assertThat(doctor.exitCode()).isEqualTo(9);
        assertThat(doctor.out())
                .hasLineCount(3)
                .contains("server.key: not an encrypted private key")
                .contains("device.crl: 1 that the journal revoked are not in it")
                .contains("server.crl: there is none");
    }
}
