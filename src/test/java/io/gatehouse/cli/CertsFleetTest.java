package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.pki.TestRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of {@code certs batch}, and what it goes on from. */
class CertsFleetTest {
    @TempDir
    private Path temp;

    private Path pki;

    @BeforeEach
    void anAuthority() throws Exception {
        pki = CertsCalls.authority(temp.resolve("pki"));
    }

    private Path table(String text) throws Exception {
        return Files.writeString(temp.resolve("fleet.csv"), text);
    }

    /** What a power cut leaves of files that the disk had not yet, and what a hand may have mixed up. */
    @Test
    void batch_resumed_makesAgainWhatHasNoWholeKey() throws Exception {
        Path out = temp.resolve("fleet");
        Path table = table("id\nempty\nzeros\ncut\nmissing\nother\nwhole\n");
        done("batch", table, "-o", out, "-d", pki);
        byte[] key = Files.readAllBytes(out.resolve("zeros/key.pem"));
        Files.write(out.resolve("empty/key.pem"), new byte[0]);
        Files.write(out.resolve("zeros/key.pem"), new byte[key.length]);
        Files.write(out.resolve("cut/key.pem"), java.util.Arrays.copyOf(key, key.length / 2));
        Files.delete(out.resolve("missing/key.pem"));
        Files.copy(
                out.resolve("whole/key.pem"),
                out.resolve("other/key.pem"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(done("batch", table, "-o", out, "--resume", "-d", pki))
                .contains("issued 5, kept 1 of an earlier run");
        assertThat(done("batch", table, "-o", out, "--resume", "-d", pki))
                .contains("issued 0, kept 6 of an earlier run");
        List<String> left = new ArrayList<>();
        try (var all = Files.list(out)) {
            all.forEach(one -> left.add(one.getFileName().toString()));
        }
        assertThat(left)
                .containsExactlyInAnyOrder("empty", "zeros", "cut", "missing", "other", "whole", "manifest.csv");
    }

    /** What spreadsheets write; the lines that faults name are those that an editor shows. */
    @Test
    void batch_notesOverSeveralLines_areTaken() throws Exception {
        Path table = table("\uFEFFid,note,group\r\n\r\npump,\"by the door,\r\nsays \"\"Ann\"\"\r\n\",hall A\r\n"
                + " \"valve\" ,\"\", \"hall B\"\r\nlamp,,");
        Path out = temp.resolve("fleet.tar");
        assertThat(done("batch", table, "-o", out, "-d", pki)).contains("issued 3");
        assertThat(done("list", "--csv", "-d", pki)).contains("pump", "hall A", "valve", "hall B", "lamp");
        Files.writeString(table, Files.readString(table) + "\r\na/b,,");
        assertThat(certs("batch", table, "-o", temp.resolve("other.tar"), "-d", pki)
                        .err())
                .contains("error[CSV_VALUE] " + table + ":8: \"a/b\"");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "pump,\"x;lamp,;a/b, | CSV_QUOTE | 2 | a quote is opened and not closed",
                "\"pump,;\"lamp\",;a/b, | CSV_QUOTE | 3 | text after the quote that closes a cell, which was opened on line 2",
                "pump,5\" pipe;\"lamp\",;a/b, | CSV_QUOTE | 2 | a quote inside a cell; put the whole cell in quotes",
                "pump,\"a\"b;lamp,;a/b, | CSV_QUOTE | 2 | text after the quote that closes a cell; a quote inside is doubled",
                "\"pu;mp\",;lamp,;a/b, | CSV_BREAK | 2 | the cell of \"id\" goes on in the next line; only a note may",
            })
    void batch_quoteThatIsWrong_isNamedWithItsLine_andTheRestIsJudged(String rows, String code, int line, String text)
            throws Exception {
        Path table = table("id,note\n" + rows.replace(';', '\n') + "\n");
        CertsCalls.Answer refused = certs("batch", table, "-o", temp.resolve("fleet"), "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(3);
        List<String> lines = refused.err().lines().toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0)).startsWith("certs: error[" + code + "] " + table + ":" + line + ": " + text);
        assertThat(lines.get(1)).contains("CSV_VALUE", "\"a/b\"");
        assertThat(done("list", "-d", pki)).startsWith("0 ");
    }

    private void request(TestRequest request, String file) throws Exception {
        Files.write(temp.resolve(file), request.der());
    }

    @Test
    void batch_keyOfAnother_isRefusedBeforeAnythingIsIssued() throws Exception {
        TestRequest taken = TestRequest.of("old");
        request(taken, "old.csr");
        done("sign", temp.resolve("old.csr"), "-d", pki);
        String before = done("list", "-d", pki);
        TestRequest shared = TestRequest.of("a");
        request(shared, "a.csr");
        request(shared.as("b"), "b.csr");
        request(taken.as("c"), "c.csr");
        request(TestRequest.of("d"), "d.csr");
        Path table = table("id,csr_file\na,a.csr\nb,b.csr\nc,c.csr\nd,d.csr\n");
        Path out = temp.resolve("fleet");
        for (String how : List.of("--dry-run", "--resume", "--json")) {
            CertsCalls.Answer refused = certs("batch", table, how, "-o", out, "-d", pki);
            assertThat(refused.exitCode()).as(how).isEqualTo(3);
            assertThat(refused.err().lines().toList())
                    .containsExactly(
                            "certs: error[KEY_TAKEN] " + table
                                    + ":3: the key of its request is that of \"a\" on line 2; every"
                                    + " holder has a key of its own",
                            "certs: error[KEY_TAKEN] " + table
                                    + ":4: the key of its request belongs to \"old\" already; every"
                                    + " holder has a key of its own",
                            "certs: error[INPUT] nothing was issued");
        }
        assertThat(done("list", "-d", pki)).isEqualTo(before);
        assertThat(out).doesNotExist();
    }

    /** One judgement: whoever mends what it names is done. */
    @Test
    void batch_faultsOfEveryKind_areNamedAtOnceInTheOrderOfTheLines() throws Exception {
        done("device", "taken", "-d", pki);
        done("device", "held", "-d", pki);
        done("revoke", "held", "--reason", "certificateHold", "-d", pki);
        TestRequest request = TestRequest.of("a");
        request(request, "a.csr");
        request(request.as("b"), "b.csr");
        Path table = table("id,csr_file\ntaken,\nx/y,\na,a.csr\nheld,\nb,b.csr\nnew,\nx/z,\n");
        CertsCalls.Answer refused = certs("batch", table, "-o", temp.resolve("fleet"), "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err()).doesNotContain("--replace");
        assertThat(refused.err().lines().toList())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .isEqualTo("certs: error[ID_TAKEN] " + table + ":2: \"taken\" has a certificate that is"
                                        + " valid. Its next one makes: gatehouse certs renew taken; without it goes on:"
                                        + " --on-error skip"),
                        line -> assertThat(line).startsWith("certs: error[CSV_VALUE] " + table + ":3: \"x/y\""),
                        line -> assertThat(line)
                                .startsWith("certs: error[ID_TAKEN] " + table + ":5: \"held\" has a certificate that is"
                                        + " on hold."),
                        line -> assertThat(line).startsWith("certs: error[KEY_TAKEN] " + table + ":6: "),
                        line -> assertThat(line).startsWith("certs: error[CSV_VALUE] " + table + ":8: \"x/z\""),
                        line -> assertThat(line).isEqualTo("certs: error[INPUT] nothing was issued"));
        assertThat(temp.resolve("fleet")).doesNotExist();
        // what does not ask the authority names what is wrong with the table alone
        Path tokens = temp.resolve("tokens.csv");
        for (List<Object> line : List.<List<Object>>of(
                List.of("batch", table, "--token-only", "-o", tokens, "-d", pki),
                List.of("token", "new", "--count", table, "--out", tokens, "-d", pki))) {
            CertsCalls.Answer none = certs(line.toArray());
            assertThat(none.exitCode()).as(none.err()).isEqualTo(3);
            assertThat(none.err().lines()).hasSize(3).first().asString().startsWith("certs: error[CSV_VALUE] " + table);
        }
        assertThat(tokens).doesNotExist();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"e.tar.gz", "e.tgz", "e.TAR", "e.7z", "e.csv", "-"})
    void batch_outOfAnUnknownKind_isRefusedBeforeAnythingIsIssued(String name) throws Exception {
        Path table = table("id\npump\n");
        Path out = name.equals("-") ? Path.of("-") : temp.resolve(name);
        for (String how : List.of("--dry-run", "--jobs=1")) {
            CertsCalls.Answer refused = certs("batch", table, how, "-o", out, "-d", pki);
            assertThat(refused.exitCode()).isEqualTo(3);
            assertThat(refused.err())
                    .startsWith("certs: error[INPUT] " + out + ": ")
                    .contains("FILE.tar or FILE.zip, or a folder");
        }
        assertThat(out).doesNotExist();
        assertThat(done("list", "-d", pki)).startsWith("0 ");
        if (!name.equals("-")) {
            Files.createDirectory(out); // who means it
            done("batch", table, "-o", out, "-d", pki);
            assertThat(out.resolve("pump/cert.pem")).exists();
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"id\n", "id,note", "\n\nid\n\n\n"})
    void batch_tableWithoutADevice_isRefused(String text) throws Exception {
        Path table = table(text);
        int line = text.startsWith("\n") ? 3 : 1;
        for (String out : List.of("fleet.tar", "fleet")) {
            CertsCalls.Answer refused = certs("batch", table, "-o", temp.resolve(out), "-d", pki);
            assertThat(refused.exitCode()).isEqualTo(3);
            assertThat(refused.err().lines().toList())
                    .containsExactly(
                            "certs: error[CSV_EMPTY] " + table + ":" + line
                                    + ": the columns are named, and no device follows",
                            "certs: error[INPUT] nothing was issued");
            assertThat(temp.resolve(out)).doesNotExist();
        }
    }

    /** What a factory makes in one go; openssl reads the end that there is not. */
    @Test
    void batch_ofTheFactory_hasNoEnd() throws Exception {
        Path table = table("id,profile,serial_number,validity\nunit-1,idevid,SN-1,\nunit-2,idevid,,30d\nunit-3,,,\n");
        Path out = temp.resolve("2026.11"); // a folder's name
        CertsCalls.Answer made = certs("batch", table, "-o", out, "-d", pki);
        assertThat(made.exitCode()).as(made.err()).isZero();
        assertThat(made.err()).contains("certs: warning: 1 of these certificates have no end");
        String said = CertsCalls.run(
                0, "openssl", "x509", "-in", out.resolve("unit-1/cert.pem"), "-noout", "-enddate", "-subject");
        assertThat(said).contains("9999", "SN-1");
        assertThat(Files.readString(out.resolve("manifest.csv"))).contains("unit-1,idevid,", "unit-3,device,");
        assertThat(done("list", "--profile", "idevid", "-d", pki)).contains("unit-1", "unit-2", "2 certificates");
        assertThat(done("lint", out.resolve("unit-1/cert.pem"), "-d", pki)).doesNotContain("GH-CERT-034");
        assertThat(certs("batch", table, "-o", temp.resolve("again"), "-d", pki).err())
                .contains(table + ":2: \"unit-1\"", table + ":3: ", table + ":4: ");
    }

    @Test
    void batch_serialNumberBesideARequest_isInTheCertificate() throws Exception {
        request(TestRequest.of("pump"), "pump.csr");
        request(TestRequest.of("pump"), "other.csr");
        Path table = table("id,serial_number,csr_file\npump,SN-0815,pump.csr\n");
        Path out = temp.resolve("fleet");
        done("batch", table, "-o", out, "-d", pki);
        assertThat(out.resolve("pump/key.pem")).doesNotExist();
        assertThat(done("inspect", out.resolve("pump/cert.pem"), "--json")).contains("serialNumber=SN-0815");
        assertThat(done("batch", table, "-o", out, "--resume", "-d", pki)).contains("issued 0, kept 1");
        // another key: what is there is not this row's
        Path next = table("id,serial_number,csr_file\npump,SN-0815,other.csr\n");
        assertThat(done("batch", next, "-o", out, "--resume", "-d", pki)).contains("issued 1, kept 0");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"fleet", "fleet.tar", "fleet.zip"})
    void batch_resumedWhereNothingWasBegun_isAFirstRun(String name) throws Exception {
        Path table = table("id\npump\nvalve\n");
        done("device", "pump", "-d", pki);
        Path out = temp.resolve(name);
        for (String how : List.of("--jobs=1", "--dry-run")) {
            CertsCalls.Answer refused = certs("batch", table, how, "--resume", "-o", out, "-d", pki);
            assertThat(refused.exitCode()).as(refused.err()).isEqualTo(3);
            assertThat(refused.err()).startsWith("certs: error[ID_TAKEN] " + table + ":2: ");
        }
        assertThat(out).doesNotExist();
        done("revoke", "pump", "-d", pki);
        assertThat(done("batch", table, "--resume", "-o", out, "-d", pki)).contains("issued 2, kept 0");
        assertThat(done("batch", table, "--resume", "-o", out, "-d", pki)).contains("issued 0, kept 2");
    }

    @Test
    void batch_underAProfileOfTheFolder_isJudgedByIt() throws Exception {
        Files.createDirectories(pki.resolve("profiles"));
        Files.writeString(
                pki.resolve("profiles/device.yaml"),
                done("profile", "device")
                        .replace("default: 397d, most: 3650d", "default: 20d, most: 30d")
                        .replace("key: p256\naccepts: [p256,", "key: p384\naccepts: [ed25519,"));
        request(TestRequest.of("p256"), "p256.csr"); // which the built-in profile takes
        CertsCalls.run(
                0,
                "openssl",
                "req",
                "-new",
                "-newkey",
                "ed25519",
                "-nodes",
                "-keyout",
                temp.resolve("k.pem"),
                "-subj",
                "/CN=ed",
                "-out",
                temp.resolve("ed.csr"));
        Path out = temp.resolve("fleet");
        Path faulty = table("id,validity_days,csr_file\nlong,31,\np256,,p256.csr\ned,,ed.csr\n");
        for (String how : List.of("--dry-run", "--jobs=1")) {
            CertsCalls.Answer refused = certs("batch", faulty, how, "-o", out, "-d", pki);
            assertThat(refused.exitCode()).as(how).isEqualTo(3);
            assertThat(refused.err().lines().toList())
                    .satisfiesExactly(
                            line -> assertThat(line)
                                    .contains("CSV_VALUE", "fleet.csv:2: ", "1 to 30 days are possible"),
                            line -> assertThat(line).contains("CSV_VALUE", "fleet.csv:3: ", "the key is EC P-256"),
                            line -> assertThat(line).contains("nothing was issued"));
        }
        assertThat(done("list", "-d", pki)).startsWith("0 ");
        done("batch", table("id,csr_file\npump,\ned,ed.csr\n"), "-o", out, "-d", pki);
        assertThat(done("list", "--expiring", "20", "-d", pki)).contains("pump", "ed");
    }
}
