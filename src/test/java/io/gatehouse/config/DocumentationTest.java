package io.gatehouse.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every key of the configuration is documented where its reader looks. */
class DocumentationTest {
    @Test
    void configurationKeys_areAllInTheDocument(@TempDir Path folder) throws IOException {
        for (String file : List.of("c.pem", "k.pem", "users.pw", "keys.json")) {
            Files.writeString(folder.resolve(file), "");
        }
        Files.createDirectory(folder.resolve("policies"));
        Files.createDirectories(folder.resolve("pki/ca"));
        Files.writeString(folder.resolve("pki/ca/device.crt"), "");
        Path file = folder.resolve("gatehouse.yaml");
        Files.writeString(file, """
                version: 1
                listeners:
                  x:
                    port: 1
                    tls: {certificate: c.pem, key: k.pem, client_ca: c.pem}
                    websocket: {path: /}
                    login: {all: [certificate, password]}
                password_login: {file: users.pw}
                jwt_login: {issuers: [{iss: i, jwks: "https://i/keys", jwks_ca: c.pem, typ: t, aud: a, algs: [ES256]}]}
                audit: {file: a}
                enrolment:
                  port: 2
                  tls: {certificate: c.pem, key: k.pem}
                  embedded: true
                  passphrase_file: c.pem
                  manufacturers: {authorities: c.pem, devices: k.pem}
                """);
        Configuration configuration =
                ConfigurationReader.read(file).configuration().orElseThrow();
        String document = Files.readString(Path.of("docs/configuration.md"));

        Set<String> keys = new TreeSet<>();
        collect(configuration.effective(), keys);
        keys.remove("x");

        assertThat(keys).hasSizeGreaterThan(40);
        assertThat(keys)
                .allSatisfy(key -> assertThat(document).containsPattern("(?m)(`|[.{]|^|, )" + key + "(`|:|\\.)"));
    }

    private static void collect(Object value, Set<String> keys) {
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, below) -> {
                keys.add(String.valueOf(key));
                collect(below, keys);
            });
        } else if (value instanceof List<?> list) {
            new ArrayList<>(list).forEach(below -> collect(below, keys));
        }
    }
}
