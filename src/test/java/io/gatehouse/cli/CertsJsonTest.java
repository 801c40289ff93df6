package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import io.gatehouse.pki.TestRequest;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Every command of {@code certs} answers a program with one JSON document, and with nothing else. */
class CertsJsonTest {
    /** Those that need a device that waits, or wait themselves; they have tests of their own. */
    private static final Set<String> ELSEWHERE = Set.of("serve", "request approve", "request refuse");

    @TempDir
    private static Path temp;

    private static Path pki;

    @BeforeAll
    static void anAuthority() throws Exception {
        pki = CertsCalls.authority(temp.resolve("pki"));
        done("device", "pump", "-d", pki);
        done("device", "valve", "-d", pki);
        done("token", "new", "gone", "-d", pki);
        Files.write(temp.resolve("lamp.csr"), TestRequest.of("lamp").der());
        Files.writeString(temp.resolve("fleet.csv"), "id\nf-1\nf-2\n");
    }

    private static Map<String, CommandLine> leaves() {
        Map<String, CommandLine> found = new TreeMap<>();
        collect("", GatehouseCommand.line().getSubcommands().get("certs"), found);
        return found;
    }

    private static void collect(String name, CommandLine line, Map<String, CommandLine> found) {
        if (line.getSubcommands().isEmpty()) {
            found.put(name.strip(), line);
        }
        line.getSubcommands().forEach((word, below) -> collect(name + " " + word, below, found));
    }

    @Test
    void commands_allTakeJson_andAllAreTriedHere() throws Exception {
        Set<String> without = new TreeSet<>();
        leaves().forEach((name, line) -> {
            if (line.getCommandSpec().findOption("--json") == null) {
                without.add(name);
            }
        });
        assertThat(without).isEmpty();

        Set<String> tried = new TreeSet<>(ELSEWHERE);
        CsvSource table = CertsJsonTest.class
                .getDeclaredMethod("command_withJson_answersOneDocument", String.class, String.class, String.class)
                .getAnnotation(CsvSource.class);
        for (String row : table.textBlock().split("\n")) {
            tried.add(row.substring(0, row.indexOf('|')).strip());
        }
        assertThat(tried).isEqualTo(new TreeSet<>(leaves().keySet()));
    }

    /** In this order: some use what those before made. */
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', textBlock = """
            init         | --generate-passphrase -d OTHER                | folder files next trustedRoot clientCa authorities
            server       | broker --dns localhost                        | id profile serial notAfter certificate key ca files next
            device       | fan                                           | id profile serial notAfter certificate key ca files next
            ocsp-signer  | responder                                     | id profile serial notAfter certificate key ca files next
            batch        | TEMP/fleet.csv -o TEMP/fleet.tar              | of issued kept whole output manifest files next
            batch        | TEMP/fleet.csv -o TEMP/fleet.tar --resume     | of issued kept whole output manifest files next
            batch        | TEMP/other.csv -o TEMP/other.tar --dry-run    | of issued dryRun next
            batch        | TEMP/other.csv -o TEMP/other.csv.tokens --token-only | of tokens end files next
            sign         | TEMP/lamp.csr                                 | id profile serial notAfter certificate ca files next
            renew        | valve pump                                    | certificates files next
            renew        | valve --revoke-old                            | certificates files next
            rekey        | valve                                         | certificates files next
            revoke       | valve --reason superseded                     | revoked reason files next
            revoke       | fan --reason certificateHold                  | revoked reason files next
            release      | fan                                           | released files next
            crl          |                                               | files nextUpdate next
            crl          | --check                                       | findings next
            list         |                                               | []
            inspect      | pump                                          | []
            verify       | OUT/fan/cert.pem                              | file as accepted broken
            lint         | --all                                         | []
            export       | fan --format p12                              | id format files next
            token new    | lamp                                          | id token end
            token new    | kettle --qr TEMP/kettle.png                   | id end files next
            token new    | --count TEMP/other.csv -o TEMP/other.count    | of tokens end files next
            export       | stove --format qr                             | id end format files next
            token list   |                                               | []
            request list |                                               | []
            token revoke | gone                                          | id revoked next
            profile      | device                                        | profile key accepts extendedKeyUsage text
            audit verify |                                               | lines lastHash next
            audit export |                                               | []
            doctor       |                                               | []
            backup       | TEMP/backup --passphrase-file PKI/passphrase  | files next
            restore      | TEMP/backup --passphrase-file PKI/passphrase -d TEMP/restored | folder organisation certificates next
            """)
    void command_withJson_answersOneDocument(String command, String arguments, String fields) throws Exception {
        Files.writeString(temp.resolve("other.csv"), "id\nf-3\n");
        List<Object> line = new ArrayList<>(List.of(command.split(" ")));
        String rest = arguments == null ? "" : arguments;
        for (String word : rest.replace("OTHER", temp.resolve("other").toString())
                .replace("TEMP", temp.toString())
                .replace("OUT", pki.resolve("out").toString())
                .replace("PKI", pki.toString())
                .split(" ")) {
            if (!word.isEmpty()) {
                line.add(word);
            }
        }
        if (!rest.contains("-d ") && !command.equals("profile")) {
            line.addAll(List.of("-d", pki));
        }
        line.add("--json");
        CertsCalls.Answer answer = certs(line.toArray());
        assertThat(answer.exitCode()).as(answer.err()).isZero();
        Object document = Json.read(answer.out());
        if (fields.equals("[]")) {
            assertThat(document).isInstanceOf(List.class);
            return;
        }
        Map<String, Object> object = Json.object(answer.out());
        assertThat(object).containsKeys(fields.split(" "));
        if (object.get("files") instanceof List<?> files) {
            assertThat(files)
                    .isNotEmpty()
                    .allSatisfy(file -> assertThat(Path.of((String) file)).exists());
        }
    }

    @Test
    void findings_withJson_areInTheDocumentToo() throws Exception {
        CertsCalls.Answer refused =
                certs("verify", pki.resolve("out/pump/cert.pem"), "--as", "server", "-d", pki, "--json");
        assertThat(refused.exitCode()).isEqualTo(4);
        assertThat(Json.object(refused.out()))
                .containsEntry("accepted", false)
                .satisfies(fields -> assertThat((List<?>) fields.get("broken")).isNotEmpty());
        CertsCalls.Answer nothing = certs("device", "pump", "-d", pki, "--json");
        assertThat(nothing.exitCode()).isEqualTo(4);
        assertThat(nothing.out()).isEmpty();
        assertThat(nothing.err()).startsWith("certs: error[POLICY] ");
    }

    @Test
    void serve_withJson_saysEachEventInALine() throws Exception {
        Path folder = Files.createTempDirectory(
                Path.of("/tmp"),
                "gh",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path socket = folder.resolve("s");
        Process signer = CertsCalls.process("serve", "--signer", "unix:" + socket, "--json", "-d", pki)
                .redirectError(temp.resolve("serve.err").toFile())
                .start();
        try (BufferedReader lines = signer.inputReader(StandardCharsets.UTF_8)) {
            String first = lines.readLine();
            assertThat(first).as(Files.readString(temp.resolve("serve.err"))).isNotNull();
            Map<String, Object> wanted = new LinkedHashMap<>();
            wanted.put("event", "ready");
            wanted.put("socket", "unix:" + socket);
            assertThat(Json.object(first)).isEqualTo(wanted);
        } finally {
            signer.destroy();
            assertThat(signer.waitFor(30, java.util.concurrent.TimeUnit.SECONDS))
                    .isTrue();
            Files.deleteIfExists(socket);
            Files.deleteIfExists(folder);
        }
    }
}
