package io.gatehouse.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.config.Configuration.ClientCertificate;
import io.gatehouse.config.Configuration.Combination;
import io.gatehouse.config.Configuration.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationReaderTest {
    private static final String GOOD = """
            version: 1
            data: data
            listeners:
              devices:
                port: 8883
                tls: {certificate: server.pem, key: server.key, client_ca: ca.pem}
                login: certificate
              apps:
                port: 8884
                tls: {certificate: server.pem, key: server.key}
                login: {any: [jwt, password]}
              web:
                port: 8443
                websocket: {path: /mqtt, origins: ["https://app.example.com"]}
                tls: {certificate: server.pem, key: server.key}
                login: password
            password_login: {file: users.pw}
            jwt_login:
              issuers:
                - {iss: "https://id.example.com", jwks: keys.json, aud: mqtt, algs: [EdDSA, ES256]}
            policy: {folder: policies}
            sessions: {max_expiry: 7d}
            limits: {max_packet: 1MiB}
            audit: {file: audit.jsonl}
            enrolment:
              port: 8943
              tls: {certificate: server.pem, key: server.key}
              embedded: true
              validity: 30d
            """;

    @TempDir
    private Path folder;

    @BeforeEach
    void files() throws IOException {
        for (String file : List.of("server.pem", "server.key", "ca.pem", "users.pw", "keys.json")) {
            Files.writeString(folder.resolve(file), "");
        }
        Files.createDirectory(folder.resolve("policies"));
        Files.createDirectories(folder.resolve("pki/ca"));
        Files.writeString(folder.resolve("pki/ca/device.crt"), "");
    }

    @Test
    void read_goodFile_yieldsItsValuesAndDefaults() throws IOException {
        ConfigurationReader.Result result = read(GOOD);

        assertThat(result.problems()).isEmpty();
        Configuration configuration = result.configuration().orElseThrow();
        assertThat(configuration.listeners()).extracting("name").containsExactly("devices", "apps", "web");
        Configuration.Listener devices = configuration.listeners().get(0);
        assertThat(devices.tls().orElseThrow().clientCertificate()).isEqualTo(ClientCertificate.REQUIRED);
        assertThat(devices.tls().orElseThrow().certificate()).isEqualTo(folder.resolve("server.pem"));
        assertThat(devices.bind()).isEqualTo("*");
        Configuration.Listener apps = configuration.listeners().get(1);
        assertThat(apps.tls().orElseThrow().clientCertificate()).isEqualTo(ClientCertificate.NONE);
        assertThat(apps.login().combination()).isEqualTo(Combination.ANY);
        assertThat(apps.login().methods()).containsExactly("jwt", "password");
        assertThat(configuration.sessions().maxExpiry()).isEqualTo(Duration.ofDays(7));
        assertThat(configuration.limits().maxPacketBytes()).isEqualTo(1 << 20);
        assertThat(configuration.limits().connectTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(configuration.storage())
                .isEqualTo(new Storage(
                        java.util.Optional.of(folder.resolve("data/store")),
                        Configuration.Durability.FSYNC,
                        256L << 20,
                        java.util.Optional.empty()));
        Configuration.Enrolment enrolment = configuration.enrolment().orElseThrow();
        Configuration.Embedded embedded = (Configuration.Embedded) enrolment.signing();
        assertThat(embedded.folder()).isEqualTo(folder.resolve("pki"));
        assertThat(embedded.terms().validity()).isEqualTo(Duration.ofDays(30));
        assertThat(embedded.terms().overlap()).isEqualTo(Duration.ofHours(24));
        assertThat(embedded.terms().approval())
                .isEqualTo(
                        new Configuration.ApprovalTerms(Configuration.ApprovalOf.NOBODY, 100, 1, Duration.ofDays(7)));
    }

    @ParameterizedTest(name = "{0} -> {3}")
    @CsvSource(delimiter = '|', textBlock = """
                    misspelt key        | data: data            | daat: data                    | 2:1: error: unknown key "daat" in the configuration. Did you mean "data"?
                    missing version     | version: 1            | data: data2                   | 1:1: error: missing "version: 1"
                    newer version       | version: 1            | version: 2                    | 1:1: error: version 2 is newer than this broker reads (1)
                    missing file        | server.pem, key: server.key, client_ca | nope.pem, key: server.key, client_ca | 6:11: error: "
                    bad port            | port: 8883            | port: 99999                   | 5:11: error: "port" must be a whole number from 0 to 65535, found "99999"
                    no network          | max_packet: 1MiB      | penalty: {exempt: [10.0.0.0/33]} | error: "10.0.0.0/33" is not an address or a network like 10.0.0.0/8
                    a name, not one     | max_packet: 1MiB      | penalty: {exempt: [localhost]}   | error: "localhost" is not an address or a network like 10.0.0.0/8
                    a shorter longest   | max_packet: 1MiB      | penalty: {first: 5m, longest: 1m} | error: "longest" is shorter than "first"
                    no such choice      | client_ca: ca.pem     | client_ca: ca.pem, revocation: {will: drop} | error: "will" must be one of publish, suppress, found "drop"
                    shared port         | port: 8884            | port: 8883                    | 8:3: error: port 8883 of "apps" is taken by "devices"
                    plain http key set  | jwks: keys.json       | jwks: "http://id/keys"        | 20:39: error: "http://id/keys" is not https: a key set that can be changed on its way opens the door
                    no host of the keys | jwks: keys.json       | jwks: "https:///keys"         | 20:39: error: "https:///keys" is not an address like https://HOST/keys
                    no address at all   | jwks: keys.json       | jwks: "https://a b/keys"      | 20:39: error: "https://a b/keys" is not an address like https://HOST/keys
                    secret in the url   | jwks: keys.json       | jwks: "https://u:p@id/keys"   | 20:39: error: an address for "jwks" holds no user name and no password
                    authority of a file | jwks: keys.json       | jwks: keys.json, jwks_ca: ca.pem | "jwks_ca" is for an https address, and "jwks" is a file
                    keys that stay      | jwks: keys.json       | jwks: keys.json, revoke_on_key_removal: false | a key that is taken out of a file always ends what logged in with it
                    no authority file   | jwks: keys.json       | jwks: "https://id/keys", jwks_ca: nope.pem | nope.pem" does not exist
                    empty issuer        | https://id.example.com | ''                           | 20:8: error: "iss" is empty
                    empty audience      | aud: mqtt             | aud: ""                       | "aud" is empty
                    no algorithm        | algs: [EdDSA, ES256]  | algs: []                      | "algs" is empty: no token could ever be taken
                    mixed algorithms    | algs: [EdDSA, ES256]  | algs: [HS256, ES256]          | 20:67: error: an issuer uses either secret keys (HS...) or public ones, never both
                    bad size            | max_packet: 1MiB      | max_packet: 1MB               | 23:22: error: "max_packet" must be a size from 1KiB to 256MiB, such as 4096 or 1MiB, found "1MB"
                    sample to nowhere   | audit: {file: audit.jsonl} | audit: {sample_allowed: 9} | 24:9: error: "sample_allowed" needs the "file" that the sample is written to
                    no time at all      | client_ca: ca.pem     | client_ca: ca.pem, max_validity: 0s | "max_validity" must be a duration from 1h to 36500d, such as 10s or 7d, found "0s"
                    grace without end   | client_ca: ca.pem     | client_ca: ca.pem, expiry_grace: 8d | "expiry_grace" must be a duration from 0s to 7d, such as 10s or 7d, found "8d"
                    nobody to limit     | client_ca: ca.pem     | client_certificate: none, max_validity: 90d | this listener asks for no client certificates, so there is nothing to limit
                    nobody to wait for  | client_ca: ca.pem     | client_certificate: none, expiry_grace: 1h | this listener asks for no client certificates, so there is nothing to limit
                    bad duration        | max_expiry: 7d        | max_expiry: week              | 22:24: error: "max_expiry" must be a duration from 0s to 3660d, such as 10s or 7d, found "week"
                    no client authority | ', client_ca: ca.pem' | ''                            | 6:5: error: client certificates need a "client_ca" that vouches for them
                    list for text       | data: data            | data: [a]                     | 2:7: error: "data" must be text, found a list
                    anonymous and more  | {any: [jwt, password]} | {any: [none, password]}      | 8:3: error: login "none" stands alone: it lets everybody in
                    key where it signs  | embedded: true        | embedded: false               | enrolment needs signer: unix:PATH, where 'gatehouse certs serve' answers, or embedded: true
                    signer and its own  | embedded: true        | signer: "unix:s.sock"         | with a signer, "validity" is not the broker's: 'gatehouse certs serve' has it
                    signer on a port    | embedded: true        | signer: "localhost:9"         | a signer is unix:PATH, the socket of 'gatehouse certs serve', found "localhost:9"
                    no authority there  | validity: 30d         | authority: nowhere            | holds no authority. Make one with: gatehouse certs init
                    who is made by whom | validity: 30d         | approval: {of: manufactured}  | 29:3: error: of: manufactured needs manufacturers, whose authorities say who made a device
                    waits for whom      | validity: 30d         | approval: {of: all}           | "of" must be one of nobody, manufactured, anyone, found "all"
                    shared with a door  | port: 8943            | port: 8883                    | port 8883 of enrolment is taken by "devices"
                    not YAML            | data: data            | data: data: x                 | not valid YAML
                    """)
    void read_mistake_isReportedWithPlaceAndMend(String name, String good, String bad, String problem)
            throws IOException {
        ConfigurationReader.Result result = read(GOOD.replaceFirst(java.util.regex.Pattern.quote(good), bad));

        assertThat(result.configuration()).isEmpty();
        assertThat(result.problems())
                .anySatisfy(found -> assertThat(found.toString())
                        .contains(problem)
                        .startsWith(folder.resolve("gatehouse.yaml").toString()));
    }

    @Test
    void read_severalMistakes_areAllReportedAtOnceInOrder() throws IOException {
        ConfigurationReader.Result result = read(GOOD.replace("port: 8883", "port: x")
                .replace("max_expiry: 7d", "max_expiry: never")
                .replace("audit:", "audti:"));

        assertThat(result.problems()).hasSize(3).isSorted();
    }

    @Test
    void read_plaintextListener_thatTakesCertificates_isRefused() throws IOException {
        String nobody = GOOD.replace(
                "tls: {certificate: server.pem, key: server.key, client_ca: ca.pem}",
                "insecure: {acknowledge: a closed lab}");

        assertThat(read(nobody).problems())
                .singleElement()
                .asString()
                .contains("listener \"devices\" takes certificates, but it is plaintext");
    }

    @Test
    void read_plaintextListener_needsItsAcknowledgement() throws IOException {
        String plain = GOOD + "\n".repeat(0);
        String bare = plain.replace(
                "tls: {certificate: server.pem, key: server.key}\n    login: {any", "insecure: {}\n    login: {any");
        String spelled = plain.replace(
                "tls: {certificate: server.pem, key: server.key}\n    login: {any",
                "insecure: {acknowledge: a closed lab}\n    login: {any");

        assertThat(read(bare).problems())
                .singleElement()
                .asString()
                .contains("plaintext needs insecure: {acknowledge:");
        Configuration configuration = read(spelled).configuration().orElseThrow();
        assertThat(configuration.listeners().get(1).insecureAcknowledgement()).contains("a closed lab");
        assertThat(configuration.listeners().get(1).bind()).isEqualTo("127.0.0.1");
    }

    @Test
    void read_missingFile_namesTheWayToMakeOne() {
        ConfigurationReader.Result result = ConfigurationReader.read(folder.resolve("none.yaml"));

        assertThat(result.problems()).singleElement().asString().contains("gatehouse quickstart --setup-only");
    }

    @Test
    void read_mutatedFiles_neverThrowAndPlaceEveryProblemInsideTheFile() throws IOException {
        long seed = 20261124;
        Random random = new Random(seed);
        String alphabet = "{}[]:,#&*!|>'\"%@`-? \n\tabc019\u00e9\u0000";
        for (int round = 0; round < 3_000; round++) {
            StringBuilder text = new StringBuilder(GOOD);
            for (int edit = random.nextInt(4); edit >= 0; edit--) {
                int at = random.nextInt(text.length());
                char c = alphabet.charAt(random.nextInt(alphabet.length()));
                switch (random.nextInt(3)) {
                    case 0 -> text.setCharAt(at, c);
                    case 1 -> text.insert(at, c);
                    default -> text.deleteCharAt(at);
                }
            }
            ConfigurationReader.Result result = read(text.toString());
            long lines = text.toString().lines().count() + 1;
            assertThat(result.problems())
                    .as("seed %d, round %d", seed, round)
                    .allSatisfy(
                            problem -> assertThat((long) problem.place().line()).isBetween(1L, lines));
        }
    }

    private ConfigurationReader.Result read(String text) throws IOException {
        Path file = folder.resolve("gatehouse.yaml");
        Files.writeString(file, text);
        return ConfigurationReader.read(file);
    }
}
