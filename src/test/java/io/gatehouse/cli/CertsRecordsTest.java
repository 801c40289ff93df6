package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.installed;
import static io.gatehouse.cli.CertsCalls.onATerminal;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the authority knows about what it did: lists, lint, its journal, and tokens as pictures. */
class CertsRecordsTest {
    @TempDir
    private static Path temp;

    private static Path pki;

    @BeforeAll
    static void anAuthority() throws Exception {
        pki = CertsCalls.authority(temp.resolve("pki"));
        done("device", "line-3-pump", "--validity", "20", "-d", pki);
        done("device", "line-3-valve", "-d", pki);
        done("device", "line-4-pump", "-d", pki);
        done("device", "ann", "--admin", "-d", pki);
        done("server", "broker", "--dns", "localhost", "-d", pki);
        done("revoke", "line-4-pump", "--reason", "keyCompromise", "-d", pki);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "id~'line-3-*', line-3-pump line-3-valve",
        "id~'line-*' state=active, line-3-pump line-3-valve",
        "state!=active, line-4-pump",
        "reason=keyCompromise, line-4-pump",
        "profile=server, broker",
        "profile=administrator, ann",
        "revoked_at>2020-01-01, line-4-pump",
        "revoked_at>2999-01-01, ''",
        "not_after<2000-01-01, ''",
        "issued_at>2020-01-01T00:00:00Z profile=server, broker",
        "not_after>2020-01-01 id=ann, ann"
    })
    void list_where_keepsWhatHolds(String conditions, String ids) {
        Object[] line = {"list", "--csv", "-d", pki};
        for (String condition : conditions.split(" ")) {
            line = java.util.stream.Stream.concat(
                            java.util.Arrays.stream(line), java.util.stream.Stream.of("--where", condition))
                    .toArray();
        }
        List<String> lines = done(line).lines().toList();
        assertThat(lines.get(0)).isEqualTo("id,profile,state,serial,issued_at,not_after,revoked_at,reason,group");
        assertThat(lines.subList(1, lines.size()).stream()
                        .map(one -> one.substring(0, one.indexOf(',')))
                        .toList())
                .isEqualTo(ids.isEmpty() ? List.of() : List.of(ids.split(" ")));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"id", "shoe=42", "id<a", "not_after=2030-01-01", "not_after<soon"})
    void list_whereNonsense_isRefusedWithTheForm(String condition) {
        CertsCalls.Answer answer = certs("list", "--where", condition, "-d", pki);
        assertThat(answer.exitCode()).isEqualTo(2);
        assertThat(answer.err()).contains("--where").doesNotContain("\tat ");
    }

    @Test
    void list_index_isWhatOpensslAnswersFrom() throws Exception {
        OpensslResponder responder = new OpensslResponder(pki, temp.resolve("responder"));
        for (String id : List.of("line-3-valve", "line-4-pump")) {
            Path leaf = pki.resolve("out").resolve(id).resolve("cert.pem");
            assertThat(responder.ask(leaf))
                    .contains("Response verify OK", leaf + (id.equals("line-4-pump") ? ": revoked" : ": good"));
        }
        assertThat(Files.readString(temp.resolve("responder/index.txt"))).contains("/CN=responder/serialNumber=");
    }

    /** Two thousand lines that cost no keys: tokens. */
    @Test
    void list_ofALongJournal_leavesAnIndex_andIsRightWhateverBecomesOfIt() throws Exception {
        Path own = temp.resolve("long");
        run(0, "cp", "-a", pki, own);
        Path fleet = temp.resolve("long.csv");
        Files.writeString(
                fleet,
                java.util.stream.IntStream.range(0, 2_100)
                        .mapToObj(i -> "t-" + i + "\n")
                        .collect(java.util.stream.Collectors.joining("", "id\n", "")));
        done("batch", fleet, "--token-only", "-o", temp.resolve("long.tokens"), "-d", own);
        String before = done("list", "--csv", "-d", own);
        assertThat(before).contains("line-4-pump,device,revoked,", "broker,server,active,");
        Path index = own.resolve("index");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(index)))
                .isEqualTo("rw-------");
        assertThat(done("list", "--csv", "-d", own)).isEqualTo(before);
        assertThat(done("doctor", "-d", own)).contains("all is well");

        done("revoke", "line-3-pump", "--reason", "certificateHold", "-d", own);
        assertThat(done("list", "--csv", "--state", "held", "-d", own))
                .hasLineCount(2)
                .contains("line-3-pump,device,held,");
        done("release", "line-3-pump", "-d", own);
        assertThat(done("list", "--csv", "-d", own)).isEqualTo(before);

        done("backup", temp.resolve("long.backup"), "--passphrase-file", own.resolve("passphrase"), "-d", own);
        Path restored = temp.resolve("restored-long");
        done("restore", temp.resolve("long.backup"), "--passphrase-file", own.resolve("passphrase"), "-d", restored);
        assertThat(restored.resolve("index")).doesNotExist();
        assertThat(done("list", "--csv", "-d", restored)).isEqualTo(before);

        Path journal = own.resolve("journal");
        String text = Files.readString(journal);
        String edited = text.replaceFirst("\tline-3-valve\t", "\tline-3-value\t");
        Files.writeString(journal, edited);
        CertsCalls.Answer found = certs("list", "-d", own);
        assertThat(found.exitCode()).isEqualTo(10);
        assertThat(found.err())
                .startsWith("certs: error[CORRUPT] " + journal + ":3: the journal was changed here")
                .hasLineCount(1);
        assertThat(Files.readString(journal)).isEqualTo(edited);
    }

    @Test
    void list_expiring_endsWithNineForWatchers() {
        CertsCalls.Answer soon = certs("list", "--expiring", "30", "--exit-code", "-d", pki);
        assertThat(soon.exitCode()).isEqualTo(9);
        assertThat(soon.out()).contains("line-3-pump").doesNotContain("valve");
        assertThat(certs("list", "--expiring", "10", "--exit-code", "-d", pki).exitCode())
                .isZero();
    }

    @Test
    void lint_all_looksAtTheAuthorityAndAllItIssued() throws Exception {
        assertThat(done("lint", "--all", "-d", pki)).contains("8 certificates");
        assertThat(done("lint", "ann", pki.resolve("trust/root.pem"), "-d", pki))
                .contains("2 certificates");
        assertThat(certs("lint", "nobody", "-d", pki).exitCode()).isEqualTo(5);
        assertThat(certs("lint").exitCode()).isEqualTo(2);
    }

    @Test
    void lint_sarif_namesRuleAndFile() throws Exception {
        Path old = temp.resolve("old.pem");
        run(
                0,
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:1024",
                "-nodes",
                "-keyout",
                temp.resolve("old.key"),
                "-subj",
                "/CN=x",
                "-sha1",
                "-out",
                old);
        CertsCalls.Answer answer = certs("lint", old, "--sarif");
        assertThat(answer.exitCode()).isEqualTo(9);
        Map<String, Object> log = Json.object(answer.out());
        assertThat(log).containsEntry("version", "2.1.0");
        Map<?, ?> first = (Map<?, ?>) ((List<?>) log.get("runs")).get(0);
        List<?> results = (List<?>) first.get("results");
        assertThat(results.stream().map(one -> String.valueOf(((Map<?, ?>) one).get("ruleId"))))
                .contains("GH-CERT-005", "GH-CERT-006");
        assertThat(Json.line(results)).contains(old.toString());
        Map<?, ?> driver = (Map<?, ?>) ((Map<?, ?>) first.get("tool")).get("driver");
        List<?> rules = (List<?>) driver.get("rules");
        assertThat(rules.stream().map(one -> String.valueOf(((Map<?, ?>) one).get("id"))))
                .contains("GH-CERT-005", "GH-CERT-051");
    }

    @Test
    void audit_verify_namesTheLineThatWasChanged_andTheEndThatWasCutOff() throws Exception {
        String before = done("audit", "verify", "-d", pki);
        assertThat(before).contains("none changed", "last hash: ");
        Map<String, Object> fields = Json.object(done("audit", "verify", "--json", "-d", pki));
        String last = String.valueOf(fields.get("lastHash"));
        Path copy = temp.resolve("copy");
        run(0, "cp", "-a", pki, copy);
        done("audit", "verify", "--holds", last, "-d", copy);
        List<String> lines = Files.readAllLines(copy.resolve("journal"));
        Files.writeString(copy.resolve("journal"), String.join("\n", lines.subList(0, lines.size() - 1)) + "\n");
        done("audit", "verify", "-d", copy); // what is there is whole
        CertsCalls.Answer cut = certs("audit", "verify", "--holds", last, "-d", copy);
        assertThat(cut.exitCode()).isEqualTo(10);
        assertThat(cut.err()).contains("cut off");
        Files.writeString(
                copy.resolve("journal"),
                Files.readString(pki.resolve("journal")).replace("line-3-valve", "line-3-valwe"));
        CertsCalls.Answer changed = certs("audit", "verify", "-d", copy);
        assertThat(changed.exitCode()).isEqualTo(10);
        assertThat(changed.err()).contains("journal:3:", "changed here");
    }

    @Test
    void audit_export_hasTheCertificatesOfTheJournal() throws Exception {
        List<String> lines = done("audit", "export", "-d", pki).lines().toList();
        assertThat(lines.stream().map(CertsRecordsTest::action).toList())
                .startsWith("create", "issue", "issue", "issue", "issue", "issue", "revoke", "crl");
        Map<String, Object> issue = Json.object(lines.get(1));
        assertThat(issue).containsEntry("line", 2).containsEntry("id", "line-3-pump");
        Path der = Files.write(
                temp.resolve("exported.der"),
                java.util.Base64.getDecoder().decode(String.valueOf(issue.get("certificate"))));
        assertThat(run(0, "openssl", "x509", "-inform", "DER", "-in", der, "-noout", "-subject"))
                .contains("line-3-pump");
    }

    private static String action(String line) {
        try {
            return String.valueOf(Json.object(line).get("action"));
        } catch (Json.NotJson e) {
            throw new AssertionError(line, e);
        }
    }

    /** Read by a program that reads them from cameras. */
    @ParameterizedTest(name = "{0} at {1}")
    @CsvSource({
        "pump-7, ''",
        "pump-7, https://mqtt.example.com:8943",
        "'plant:7@north', https://mqtt.example.com/.well-known/est/devices",
        "a-very-long-name-of-a-device-that-has-the-sixty-four-characters,"
                + " https://a-service-with-a-long-name.of-a-department.of-a-company.example.com:8943"
    })
    void token_asQr_isReadAndNotPrinted(String id, String url) throws Exception {
        Path picture = temp.resolve("ticket.png");
        String said = url.isEmpty()
                ? done("token", "new", id, "--qr", picture, "-d", pki)
                : done("token", "new", id, "--qr", picture, "--url", url, "-d", pki);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(picture)))
                .isEqualTo("rw-------");
        java.awt.image.BufferedImage image = javax.imageio.ImageIO.read(picture.toFile()); // a PNG by another reader
        assertThat(image.getWidth()).isEqualTo(image.getHeight());
        String read = read(picture);
        String token = read.replaceFirst("@mqtt.*|@a-service.*", "").replaceFirst(".*:", "");
        assertThat(token).matches("[0-9a-hjkmnp-z]{26}");
        assertThat(said).doesNotContain(token);
        String path = url.matches("https://[^/]+") ? "/.well-known/est" : "";
        assertThat(read)
                .isEqualTo(
                        url.isEmpty()
                                ? id + ":" + token
                                : url.replace(
                                                "https://",
                                                "https://"
                                                        + id.replace(":", "%3A").replace("@", "%40") + ":" + token
                                                        + "@")
                                        + path);
        String journal = Files.readString(pki.resolve("journal"), StandardCharsets.UTF_8);
        assertThat(journal).doesNotContain(token);
        assertThat(Objects.requireNonNull(done("token", "list", "-d", pki))).contains(id);
    }

    private static String read(Path picture) throws Exception {
        if (!installed("zbarimg")) {
            assertThat(Boolean.getBoolean("gatehouse.ci"))
                    .as("zbarimg (zbar-tools) is not installed")
                    .isFalse();
            Assumptions.abort("not read: zbarimg (zbar-tools) is not installed");
        }
        return run(0, "zbarimg", "-q", "--raw", "--nodbus", picture).trim();
    }

    @Test
    void export_asQr_isANewTokenBesideWhatTheDeviceHas() throws Exception {
        String said = done(
                "export",
                "line-3-valve",
                "--format",
                "qr",
                "--ttl",
                "12h",
                "--url",
                "https://mqtt.example.com",
                "-d",
                pki);
        Path picture = pki.resolve("out/line-3-valve/line-3-valve.png");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(picture)))
                .isEqualTo("rw-------");
        String read = read(picture);
        assertThat(read).matches("https://line-3-valve:[0-9a-hjkmnp-z]{26}@mqtt\\.example\\.com/\\.well-known/est");
        String token = read.substring(21, 47);
        assertThat(said).contains("line-3-valve.png", "within 12h").doesNotContain(token);
        assertThat(Files.readString(pki.resolve("journal"))).doesNotContain(token);
        Instant end =
                Instant.parse(((List<?>) Objects.requireNonNull(Json.read(done("token", "list", "--json", "-d", pki))))
                        .stream()
                                .map(one -> (Map<?, ?>) one)
                                .filter(one -> "line-3-valve".equals(one.get("id")))
                                .map(one -> String.valueOf(one.get("end")))
                                .findFirst()
                                .orElseThrow());
        assertThat(end)
                .isBetween(Instant.now().plusSeconds(11 * 3600), Instant.now().plusSeconds(12 * 3600));

        Path elsewhere = temp.resolve("nobody-yet.png"); // who has no certificate has no folder
        done("export", "nobody-yet", "--format", "qr", "-o", elsewhere, "-d", pki);
        assertThat(read(elsewhere)).startsWith("nobody-yet:");
        done("export", "neither", "--format", "qr", "-d", pki);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(pki.resolve("out/neither"))))
                .isEqualTo("rwx------");
    }

    /** Exit code, arguments, and what the line says; none of them makes a token. */
    @ParameterizedTest(name = "{1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "2 | export none --format qr -o -              | a token is shown on a terminal only",
                "2 | export none --format qr -o - --json       | a picture is no JSON",
                "2 | export none --format qr --from TEMP       | --from and --password-file are of keys",
                "2 | export none --format qr --ttl 2y          | --ttl is 1h to 365d",
                "2 | export none --format der --ttl 7d         | --ttl and --url are for --format qr",
                "3 | export ../none --format qr                | cannot be an id",
                "3 | export none --format qr -o TEMP/a/b.png   | nothing can be written there",
                "2 | token new none --qr -                     | a token is shown on a terminal only",
                "3 | token new none --qr TEMP/a/b.png          | nothing can be written there",
                "2 | token new                                 | name a device, or a table",
                "2 | token new none --count TEMP/t.csv -o x    | name a device, or a table",
                "2 | token new --count TEMP/t.csv              | --count and --out: give both",
                "2 | token new none -o TEMP/t.csv              | --count and --out: give both",
                "2 | token new --count TEMP/t.csv -o TEMP/x --qr TEMP/y | a picture holds one token",
                "5 | token new --count TEMP/none.csv -o TEMP/x | none.csv",
                "3 | token new --count TEMP/t.csv -o TEMP/t.csv | is there already",
                "3 | token new --count TEMP/t.csv -o TEMP/a/b  | nothing can be written there",
            })
    void tokenThatCannotBeHandedOver_isNotMade(int exitCode, String arguments, String text) throws Exception {
        Files.writeString(temp.resolve("t.csv"), "id\nnone\n");
        List<Object> line = new ArrayList<>(
                List.of((Object[]) arguments.replace("TEMP", temp + "").split(" +")));
        line.addAll(List.of("-d", pki));
        CertsCalls.Answer refused = certs(line.toArray());
        assertThat(refused.exitCode()).as(refused.err()).isEqualTo(exitCode);
        assertThat(refused.err()).startsWith("certs: error[").contains(text);
        assertThat(refused.err().lines()).hasSize(1);
        assertThat(refused.out()).isEmpty();
        assertThat(done("token", "list", "-d", pki)).doesNotContain("none");
    }

    @Test
    void ticket_onATerminal_isDrawn() throws Exception {
        Assumptions.assumeTrue(installed("script"), "needs script, which makes a terminal");
        String screen = onATerminal("", "export", "drawn", "--format", "qr", "-o", "-", "-d", pki);
        List<String> rows = screen.lines()
                .filter(row -> row.startsWith("\u001B[40;97m"))
                .map(row -> row.substring(8, row.indexOf("\u001B[0m")))
                .toList();
        assertThat(rows).as(screen).hasSizeGreaterThan(15);
        int scale = 8;
        java.awt.image.BufferedImage image = new java.awt.image.BufferedImage(
                rows.get(0).length() * scale, rows.size() * 2 * scale, java.awt.image.BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                char block = rows.get(y / scale / 2).charAt(x / scale);
                boolean light = block == '\u2588' || block == (y / scale % 2 == 0 ? '\u2580' : '\u2584');
                image.setRGB(x, y, light ? 0xFFFFFF : 0);
            }
        }
        Path seen = temp.resolve("seen.png");
        javax.imageio.ImageIO.write(image, "png", seen.toFile());
        assertThat(read(seen)).matches("drawn:[0-9a-hjkmnp-z]{26}");
        assertThat(done("token", "list", "-d", pki)).contains("drawn");
    }

    @Test
    void token_asQr_atAWrongAddress_isRefusedBeforeThereIsOne() {
        for (String url : List.of("http://mqtt.example.com", "mqtt.example.com", "https://a:b@c", "https://x y")) {
            CertsCalls.Answer answer =
                    certs("token", "new", "lamp", "--qr", temp.resolve("no.png"), "--url", url, "-d", pki);
            assertThat(answer.exitCode()).as(url).isEqualTo(3);
        }
        assertThat(done("token", "list", "-d", pki)).doesNotContain("lamp");
        assertThat(temp.resolve("no.png")).doesNotExist();
    }
}
