package io.gatehouse.cli;

import io.gatehouse.authn.JwtAlgorithm;
import io.gatehouse.authn.PasswordFileEditor;
import io.gatehouse.authn.SigningKey;
import io.gatehouse.authn.Unusable;
import io.gatehouse.json.Json;
import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import io.gatehouse.pki.StoredPassphrase;
import io.gatehouse.protocol.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Makes what a quickstart leaves: the files of a real install, so that nobody has to unlearn it. What is there already is
 * used again, and never overwritten.
 */
final class Quickstart {
    private static final List<String> DEVICES = List.of("greenhouse", "phone");
    private static final String ADMINISTRATOR = "admin";
    private static final String PASSWORD_USER = "app";

    private final Path folder;
    private final Ports ports;
    private final List<String> names;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();

    /** @param bind an address, or {@code *} */
    record Ports(String bind, int device, int app, int web) {}

    /** @param names host names and addresses for the server's certificate */
    Quickstart(Path folder, Ports ports, List<String> names, Clock clock) {
        this.folder = folder;
        this.ports = ports;
        this.names = names;
        this.clock = clock;
    }

    /** Makes everything that is missing. */
    void make() throws IOException, PkiProblem, Unusable {
        AtomicFiles.makePrivateFolder(folder);
        certificates();
        passwordUser();
        tokens();
        write("policies/10-main.yaml", resource("policy.yaml"));
        write("gatehouse.yaml", configuration());
        AtomicFiles.makePrivateFolder(folder.resolve("data"));
        index();
    }

    private void certificates() throws IOException, PkiProblem {
        Path pki = folder.resolve("pki");
        AtomicFiles.makePrivateFolder(pki);
        Path passphraseFile = pki.resolve(StoredPassphrase.NAME);
        if (!Files.exists(passphraseFile)) {
            AtomicFiles.writePrivate(passphraseFile, (generated(24) + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        char[] passphrase = Files.readString(passphraseFile).strip().toCharArray();
        boolean complete = Files.exists(folder.resolve("tls/server.pem"))
                && Files.exists(folder.resolve("clients").resolve(ADMINISTRATOR).resolve("cert.pem"))
                && DEVICES.stream()
                        .allMatch(device -> Files.exists(
                                folder.resolve("clients").resolve(device).resolve("cert.pem")));
        if (complete && Authority.exists(pki) && sameNames()) {
            return;
        }
        try (Authority authority = Authority.exists(pki)
                ? Authority.open(pki, passphrase, clock)
                : Authority.create(pki, "Gatehouse", passphrase, clock)) {
            Path tls = folder.resolve("tls");
            AtomicFiles.makePrivateFolder(tls);
            AtomicFiles.writePublic(tls.resolve("ca.pem"), ascii(Pem.of(authority.root())));
            AtomicFiles.writePublic(tls.resolve("device-ca.pem"), ascii(Pem.of(authority.deviceIssuer())));
            if (!Files.exists(tls.resolve("server.pem")) || !sameNames()) {
                List<String> addresses =
                        names.stream().filter(Quickstart::isAddress).toList();
                List<String> hosts =
                        names.stream().filter(name -> !isAddress(name)).toList();
                Issued server = authority.issue(
                        Profile.SERVER, hosts.get(0), hosts, addresses, Profile.SERVER.defaultValidity());
                server.writeTo(tls, "server.pem", "server.key", "ca.pem");
                AtomicFiles.writePublic(tls.resolve("names"), ascii(String.join("\n", names) + "\n"));
            }
            for (String device : DEVICES) {
                client(authority, Profile.DEVICE, device);
            }
            client(authority, Profile.ADMINISTRATOR, ADMINISTRATOR);
        }
    }

    /** Whether the server's certificate has every name that is wanted now. */
    private boolean sameNames() throws IOException {
        Path file = folder.resolve("tls/names");
        return Files.exists(file) && Files.readAllLines(file).containsAll(names);
    }

    private void client(Authority authority, Profile profile, String id) throws IOException, PkiProblem {
        Path files = folder.resolve("clients").resolve(id);
        if (!Files.exists(files.resolve("cert.pem"))) {
            AtomicFiles.makePrivateFolder(files);
            authority.replace(profile, id, profile.defaultValidity()).writeTo(files);
        }
    }

    private static boolean isAddress(String name) {
        return name.matches("[0-9.]+") || name.contains(":");
    }

    private void passwordUser() throws IOException, Unusable {
        Path file = passwordFile();
        Path users = folder.resolve("users.pw");
        if (Files.exists(file) && Files.exists(users)) {
            return;
        }
        AtomicFiles.makePrivateFolder(Objects.requireNonNull(file.getParent()));
        String password = generated(18);
        new PasswordFileEditor(users, random).set(PASSWORD_USER, Secret.wrap(ascii(password)));
        AtomicFiles.writePrivate(file, ascii(password + "\n"));
    }

    private Path passwordFile() {
        return folder.resolve("clients").resolve(PASSWORD_USER).resolve("password");
    }

    private void tokens() throws IOException, Unusable {
        Path keys = folder.resolve("tokens");
        if (!Files.exists(keys.resolve("keys.json"))) {
            AtomicFiles.makePrivateFolder(keys);
            SigningKey.generate(JwtAlgorithm.of("EdDSA").orElseThrow())
                    .write(keys.resolve("issuer.key.json"), keys.resolve("keys.json"));
        }
    }

    private String configuration() throws IOException {
        return resource("gatehouse.yaml")
                .replace("@BIND@", ports.bind().equals("*") ? "\"*\"" : "\"" + ports.bind() + "\"")
                .replace("@DEVICE_PORT@", Integer.toString(ports.device()))
                .replace("@APP_PORT@", Integer.toString(ports.app()))
                .replace("@WEB_PORT@", Integer.toString(ports.web()))
                .replace("@STORAGE@", "{folder: data/store, durability: fsync}");
    }

    /** Writes a file that a user may change: only if it is not there. */
    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        if (!Files.exists(file)) {
            AtomicFiles.makePrivateFolder(Objects.requireNonNull(file.getParent()));
            AtomicFiles.writePrivate(file, text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private void index() throws IOException {
        Map<String, Object> clients = new LinkedHashMap<>();
        for (String id : List.of("greenhouse", "phone", ADMINISTRATOR)) {
            Path files = folder.resolve("clients").resolve(id);
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("cert", files.resolve("cert.pem").toString());
            one.put("key", files.resolve("key.pem").toString());
            one.put("ca", files.resolve("ca.pem").toString());
            clients.put(id, one);
        }
        Map<String, Object> password = new LinkedHashMap<>();
        password.put("user", PASSWORD_USER);
        password.put("file", passwordFile().toString());
        Map<String, Object> tokens = new LinkedHashMap<>();
        tokens.put("issuer", "gatehouse-quickstart");
        tokens.put("audience", "mqtt");
        tokens.put("key", folder.resolve("tokens/issuer.key.json").toString());
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("version", 1);
        all.put("folder", folder.toString());
        all.put("config", folder.resolve("gatehouse.yaml").toString());
        all.put("policies", folder.resolve("policies").toString());
        all.put("host", "localhost");
        all.put("bind", ports.bind());
        all.put("device_port", ports.device());
        all.put("app_port", ports.app());
        all.put("web_port", ports.web());
        all.put("websocket_path", "/mqtt");
        all.put("ca", folder.resolve("tls/ca.pem").toString());
        all.put("clients", clients);
        all.put("password", password);
        all.put("tokens", tokens);
        AtomicFiles.writePrivate(
                folder.resolve("quickstart.json"), (Json.pretty(all) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private String generated(int bytes) {
        byte[] secret = new byte[bytes];
        random.nextBytes(secret);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(
                Quickstart.class.getResourceAsStream("/quickstart/" + name), "the program is not whole: " + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
