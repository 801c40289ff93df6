package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.gatehouse.CannotStart;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Holds;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Profile;
import io.gatehouse.pki.RevocationReason;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Revocation that comes by other ways than a file: an authority's journal, an address, an OCSP responder. */
class LiveRevocationTest {
    private static final int NOT_AUTHORIZED = 0x87;
    private static final char[] PASSPHRASE = "correct horse battery".toCharArray();

    @TempDir
    private Path folder;

    private static String listener(String name, String more) {
        return """
                  %s:
                    port: 0
                    bind: 127.0.0.1
                    tls: {certificate: server.pem, key: server.key, client_ca: ca.pem, %s}
                    login: certificate
                """.formatted(name, more).indent(2);
    }

    private static int answer(Forge.Holder holder, int port) {
        try (TlsClient client = TlsClient.connect(holder, port, "TLSv1.3")) {
            return client.login("anybody-" + System.nanoTime());
        } catch (IOException refused) {
            return -1;
        }
    }

    private void write(Forge root) {
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), root.server());
        Forge.write(folder.resolve("ca.pem"), Forge.pem(root.certificate));
    }

    // the journal

    private static Forge.Holder holder(Issued issued) {
        return new Forge.Holder(
                List.of(issued.certificate()),
                new KeyPair(issued.certificate().getPublicKey(), issued.key().orElseThrow()));
    }

    @Test
    void journal_revocation_endsTheConnectionAndWhatItDoesNotKnowIsRefused()
            throws PkiProblem, CannotStart, IOException {
        write(Forge.root("Server Root"));
        Path pki = folder.resolve("pki");
        Issued thief;
        Issued honest;
        try (Authority authority = Authority.create(pki, "Test", PASSPHRASE.clone(), Clock.systemUTC())) {
            thief = authority.issueDevice("thief", Duration.ofDays(1));
            honest = authority.issueDevice("honest", Duration.ofDays(1));
            Forge.write(folder.resolve("ca.pem"), Forge.pem(authority.deviceIssuer()));
        }
        try (TlsHouse house = new TlsHouse(folder, listener("devices", "revocation: {authority: pki}"));
                TlsClient goes = TlsClient.connect(holder(thief), house.port("devices"), "TLSv1.3");
                TlsClient stays = TlsClient.connect(holder(honest), house.port("devices"), "TLSv1.3")) {
            goes.in("thief");
            stays.in("honest");
            Issued late;
            try (Authority authority = Authority.open(pki, PASSPHRASE.clone(), Clock.systemUTC())) {
                late = authority.issueDevice("late", Duration.ofDays(1));
                assertThat(answer(holder(late), house.port("devices")))
                        .as("a certificate is good in the moment that it is issued")
                        .isEqualTo(TlsClient.CONNACK);

                authority.revoke(authority.inventory().byId("thief"), RevocationReason.KEY_COMPROMISE);
            }

            assertThat(goes.awaitDisconnect()).isEqualTo(NOT_AUTHORIZED);
            assertThat(house.awaitAudit(0, "ended", "cause", "revoked").get("detail"))
                    .asString()
                    .contains("CERT_REVOKED", "keyCompromise");
            assertThat(stays.isAlive()).isTrue();
            assertThat(answer(holder(thief), house.port("devices"))).isNegative();

            // the key of the authority in other hands: signed by it, and not in its journal
            Forge.Holder forged = forged(pki);
            assertThat(answer(forged, house.port("devices"))).isNegative();
            house.awaitAudit(0, "handshake", "code", "CERT_UNKNOWN");
        }
    }

    @Test
    void journal_lost_letsNobodyInWhoIsRevoked_andAStartWithoutItIsRefused()
            throws PkiProblem, CannotStart, IOException {
        write(Forge.root("Server Root"));
        Path pki = folder.resolve("pki");
        Path journal = pki.resolve("journal");
        Issued thief;
        Issued honest;
        try (Authority authority = Authority.create(pki, "Test", PASSPHRASE.clone(), Clock.systemUTC())) {
            thief = authority.issueDevice("thief", Duration.ofDays(1));
            honest = authority.issueDevice("honest", Duration.ofDays(1));
            authority.revoke(authority.inventory().byId("thief"), RevocationReason.KEY_COMPROMISE);
            Forge.write(folder.resolve("ca.pem"), Forge.pem(authority.deviceIssuer()));
        }
        Forge.Holder forged = forged(pki);
        String attached = listener("devices", "revocation: {authority: pki}");
        try (TlsHouse house = new TlsHouse(folder, attached)) {
            Path empty = Files.createFile(folder.resolve("empty"));
            Files.move(empty, journal, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            assertThat(house.awaitAudit(0, "broker", "what", "tls_alarm").get("detail"))
                    .asString()
                    .contains(journal + ": the journal is empty");
            assertThat(answer(holder(thief), house.port("devices"))).isNegative();
            assertThat(answer(holder(honest), house.port("devices")))
                    .as("what the journal said before it was lost stays in force")
                    .isEqualTo(TlsClient.CONNACK);

            Files.delete(journal);
            assertThat(answer(forged, house.port("devices")))
                    .as("nobody can say whether it was issued")
                    .isNegative();
            assertThat(answer(holder(thief), house.port("devices"))).isNegative();
        }
        for (boolean there : List.of(false, true)) {
            if (there) {
                Files.createFile(journal);
            }
            assertThatThrownBy(() -> new TlsHouse(folder, attached).close())
                    .isInstanceOf(CannotStart.class)
                    .hasMessageContaining(journal + ": the journal is " + (there ? "empty" : "missing"))
                    .hasMessageContaining("gatehouse certs restore");
        }
    }

    @Test
    void journal_hold_endsTheConnection_andRelease_letsItInAgainWithItsSession()
            throws PkiProblem, CannotStart, IOException {
        write(Forge.root("Server Root"));
        Path pki = folder.resolve("pki");
        try (Authority authority = Authority.create(pki, "Test", PASSPHRASE.clone(), Clock.systemUTC())) {
            Forge.Holder suspect = holder(authority.issueDevice("suspect", Duration.ofDays(1)));
            Forge.Holder honest = holder(authority.issueDevice("honest", Duration.ofDays(1)));
            Forge.write(folder.resolve("ca.pem"), Forge.pem(authority.deviceIssuer()));
            try (TlsHouse house = new TlsHouse(folder, listener("devices", "revocation: {authority: pki}"));
                    TlsClient stays = TlsClient.connect(honest, house.port("devices"), "TLSv1.3")) {
                int port = house.port("devices");
                stays.in("honest");
                RawClient held = kept(suspect, port);
                assertThat(held.connected()).isFalse();

                authority.revoke(authority.inventory().byId("suspect"), RevocationReason.CERTIFICATE_HOLD);

                held.assertDisconnected(NOT_AUTHORIZED);
                assertThat(house.awaitAudit(0, "ended", "cause", "revoked").get("detail"))
                        .asString()
                        .contains("CERT_REVOKED: on hold since", "certificateHold");
                assertThat(house.awaitAudit(0, "broker", "what", "revoked"))
                        .extracting("held", "certificates")
                        .asString()
                        .isEqualTo("[1, 1]");
                assertThat(answer(suspect, port)).isNegative();
                assertThat(house.awaitAudit(0, "handshake", "code", "CERT_REVOKED")
                                .toString())
                        .contains("on hold since");

                Holds.lift(authority, authority.inventory().byId("suspect"));

                assertThat(house.awaitAudit(0, "broker", "what", "released").get("certificates"))
                        .hasToString("1");
                assertThat(answer(suspect, port)).isEqualTo(TlsClient.CONNACK);
                try (RawClient back = kept(suspect, port)) {
                    assertThat(back.connected()).as("its session waited for it").isTrue();
                }
                assertThat(stays.isAlive()).isTrue();
            }
        }
    }

    /** A client with a session that outlives its connection. */
    private static RawClient kept(Forge.Holder holder, int port) throws IOException {
        TlsClient tls = TlsClient.connect(holder, port, "TLSv1.3");
        Raw expiry = Raw.raw().u8(0x11).u32(1000);
        return new RawClient(tls.socket(), Raw.V5)
                .send(Raw.connect(Raw.V5, 0, 60, expiry, "suspect", Raw.raw(), null, null));
    }

    /** What a copy of the authority, made elsewhere, would issue. */
    private Forge.Holder forged(Path pki) throws PkiProblem, IOException {
        Path copy = folder.resolve("copy");
        try (var files = java.nio.file.Files.walk(pki)) {
            for (Path file : files.toList()) {
                java.nio.file.Files.copy(
                        file, copy.resolve(pki.relativize(file)), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        try (Authority authority = Authority.open(copy, PASSPHRASE.clone(), Clock.systemUTC())) {
            return holder(authority.issue(Profile.DEVICE, "forged", List.of(), List.of(), Duration.ofDays(1)));
        }
    }

    // an address

    @Test
    void address_listThere_isFetchedAgainAndAgainAndBelievedOnlyWhenGood() throws IOException, CannotStart {
        Forge root = Forge.root("Device Root");
        write(root);
        Forge.Holder revoked = root.leaf("revoked").make();
        Forge.Holder device = root.leaf("device").make();
        AtomicReference<byte[]> list = new AtomicReference<>(new byte[0]);
        AtomicInteger unchanged = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/device.crl", exchange -> {
            byte[] body = list.get();
            String tag = "\"" + java.util.Arrays.hashCode(body) + "\"";
            if (tag.equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
                unchanged.incrementAndGet();
                exchange.sendResponseHeaders(304, -1);
            } else {
                exchange.getResponseHeaders().set("ETag", tag);
                exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
                exchange.getResponseBody().write(body);
            }
            exchange.close();
        });
        server.start();
        String address = "http://127.0.0.1:" + server.getAddress().getPort() + "/device.crl";
        try (TlsHouse house =
                new TlsHouse(folder, listener("devices", "crl: \"" + address + "\", revocation: {refresh: 1s}"))) {
            int port = house.port("devices");
            assertThat(answer(device, port))
                    .as("nobody knows yet who is revoked")
                    .isNegative();
            house.awaitAudit(0, "handshake", "code", "CERT_CRL_STALE");

            list.set(root.list(5, revoked.certificate()));
            await().atMost(Duration.ofSeconds(30)).until(() -> answer(device, port) == TlsClient.CONNACK);
            assertThat(answer(revoked, port)).isNegative();
            await().atMost(Duration.ofSeconds(30)).until(() -> unchanged.get() > 0);

            try (TlsClient goes = TlsClient.connect(device, port, "TLSv1.3")) {
                goes.in("device");
                list.set(root.list(4));
                house.awaitAudit(0, "broker", "what", "tls_alarm");
                await("the older list is told of")
                        .atMost(Duration.ofSeconds(30))
                        .until(() -> house.audit().stream()
                                .anyMatch(event ->
                                        String.valueOf(event.get("detail")).contains("older than the one in force")));
                assertThat(answer(revoked, port)).isNegative();

                list.set(root.list(6, revoked.certificate(), device.certificate()));

                assertThat(goes.awaitDisconnect()).isEqualTo(NOT_AUTHORIZED);
            }
        } finally {
            server.stop(0);
        }
    }

    // OCSP

    /** A real responder: {@code openssl ocsp} over an index of its own. */
    private Process responder(int port, Forge root, X509Certificate good, X509Certificate revoked) throws IOException {
        DateTimeFormatter format =
                DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
        String end = format.format(Instant.now().plus(Duration.ofDays(90)));
        String now = format.format(Instant.now().minusSeconds(60));
        Forge.write(
                folder.resolve("index.txt"),
                "V\t" + end + "\t\t" + serial(good) + "\tunknown\t/CN=good\n" + "R\t" + end + "\t" + now + "\t"
                        + serial(revoked) + "\tunknown\t/CN=revoked\n");
        Forge.write(
                folder.resolve("responder.pem"),
                folder.resolve("responder.key"),
                new Forge.Holder(List.of(root.certificate), root.keys));
        return new ProcessBuilder(
                        "openssl",
                        "ocsp",
                        "-index",
                        "index.txt",
                        "-port",
                        Integer.toString(port),
                        "-rsigner",
                        "responder.pem",
                        "-rkey",
                        "responder.key",
                        "-CA",
                        "responder.pem",
                        "-nmin",
                        "1")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(new File(folder.toFile(), "ocsp.log"))
                .start();
    }

    private static String serial(X509Certificate certificate) {
        String hex = certificate.getSerialNumber().toString(16).toUpperCase(java.util.Locale.ROOT);
        return hex.length() % 2 == 0 ? hex : "0" + hex;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** By what it says: a connection without a request would keep it busy for good. */
    private void awaitReady(Process server) {
        await().atMost(Duration.ofSeconds(30))
                .failFast("the responder ended", () -> !server.isAlive())
                .until(() -> java.nio.file.Files.readString(folder.resolve("ocsp.log"))
                        .contains("waiting for OCSP"));
    }

    @Test
    void ocsp_responderAsked_decidesBeforeTheConnack() throws IOException, CannotStart, InterruptedException {
        Forge root = Forge.root("Device Root");
        int port = freePort();
        String uri = "http://127.0.0.1:" + port + "/";
        Forge.Holder good = root.leaf("good").responder(uri).make();
        Forge.Holder revoked = root.leaf("revoked").responder(uri).make();
        Forge.Holder stranger = root.leaf("stranger").responder(uri).make();
        Forge.Holder silent = root.leaf("silent")
                .responder("http://127.0.0.1:" + freePort() + "/")
                .make();
        Forge.Holder unnamed = root.leaf("unnamed").make();
        write(root);
        // the server's own certificate names the responder too, which knows it by the good one's number
        Forge.Holder server = root.leaf("localhost")
                .usage(org.bouncycastle.asn1.x509.KeyPurposeId.id_kp_serverAuth)
                .names(new org.bouncycastle.asn1.x509.GeneralName(
                        org.bouncycastle.asn1.x509.GeneralName.dNSName, "localhost"))
                .serial(good.certificate().getSerialNumber())
                .responder(uri)
                .make()
                .with(root.certificate);
        Forge.write(folder.resolve("server.pem"), folder.resolve("server.key"), server);
        boolean staples = ClientCertificateTest.providers().contains("boringssl");
        Process responder = responder(port, root, good.certificate(), revoked.certificate());
        try {
            awaitReady(responder);
            try (TlsHouse house = new TlsHouse(
                    folder,
                    listener("hard", "revocation: {ocsp: hard}")
                            + listener("soft", "revocation: {ocsp: soft}, ocsp_stapling: " + staples))) {
                for (String listener : List.of("hard", "soft")) {
                    int at = house.port(listener);
                    assertThat(answer(good, at)).isEqualTo(TlsClient.CONNACK);
                    assertThat(answer(good, at)).as("remembered").isEqualTo(TlsClient.CONNACK);
                    assertThat(answer(revoked, at)).isNegative();
                    assertThat(answer(stranger, at))
                            .as("nobody the responder knows")
                            .isNegative();
                    int expected = listener.equals("soft") ? TlsClient.CONNACK : -1;
                    assertThat(answer(silent, at)).isEqualTo(expected);
                    assertThat(answer(unnamed, at)).isEqualTo(expected);
                }
                house.awaitAudit(0, "handshake", "code", "CERT_REVOKED");
                house.awaitAudit(0, "handshake", "code", "CERT_OCSP");
                if (staples) {
                    await().atMost(Duration.ofSeconds(30))
                            .until(() -> staple(house.port("soft")).contains("OCSP Response Status: successful"));
                    assertThat(staple(house.port("soft"))).contains("Cert Status: good");
                }
            }
        } finally {
            responder.destroy();
            assertThat(responder.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    /** A responder that answers by openssl from the index as it is now, or, when it is told, not at all. */
    private HttpServer responder(Forge root, AtomicReference<String> says, X509Certificate about) throws IOException {
        Forge.write(
                folder.resolve("responder.pem"),
                folder.resolve("responder.key"),
                new Forge.Holder(List.of(root.certificate), root.keys));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                byte[] request = exchange.getRequestBody().readAllBytes();
                if (says.get().isEmpty()) {
                    exchange.sendResponseHeaders(500, -1);
                    return;
                }
                String index = says.get().formatted(serial(about));
                Forge.write(folder.resolve("index.txt"), index);
                Forge.write(folder.resolve("request.der"), request);
                String lasting = index.startsWith("R") ? "-nmin 1" : "-ndays 1";
                Process openssl = new ProcessBuilder(("openssl ocsp -index index.txt -rsigner responder.pem"
                                        + " -rkey responder.key -CA responder.pem -reqin request.der -respout answer.der "
                                        + lasting)
                                .split(" "))
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .start();
                openssl.getInputStream().readAllBytes();
                byte[] answer = java.nio.file.Files.readAllBytes(folder.resolve("answer.der"));
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
            }
        });
        server.start();
        return server;
    }

    @Test
    void ocsp_revocation_isTakenBackByANewerAnswer_andByNoSilence() throws IOException, CannotStart {
        Forge root = Forge.root("Device Root");
        Forge.Holder device = root.leaf("device").make();
        write(root);
        DateTimeFormatter format =
                DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
        String end = format.format(Instant.now().plus(Duration.ofDays(90)));
        String before = format.format(Instant.now().minusSeconds(60));
        AtomicReference<String> says =
                new AtomicReference<>("R\t" + end + "\t" + before + "\t%s\tunknown\t/CN=device\n");
        AtomicReference<Duration> later = new AtomicReference<>(Duration.ZERO);
        Clock clock = new Clock() {
            @Override
            public java.time.ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return Instant.now().plus(later.get());
            }
        };
        HttpServer responder = responder(root, says, device.certificate());
        String uri = "http://127.0.0.1:" + responder.getAddress().getPort() + "/";
        try (TlsHouse house = new TlsHouse(
                folder, listener("soft", "revocation: {ocsp: soft, ocsp_responder: \"" + uri + "\"}"), "", clock)) {
            int at = house.port("soft");
            assertThat(answer(device, at)).isNegative();
            house.awaitAudit(0, "handshake", "code", "CERT_REVOKED");

            says.set("");
            later.set(Duration.ofMinutes(2));
            assertThat(answer(device, at))
                    .as("the answer is over, and no other comes")
                    .isNegative();

            says.set("V\t" + end + "\t\t%s\tunknown\t/CN=device\n");
            later.set(Duration.ofMinutes(3));
            assertThat(answer(device, at)).as("a newer answer").isEqualTo(TlsClient.CONNACK);
        } finally {
            responder.stop(0);
        }
    }

    /** What a client that asks for the server's status is handed. */
    private static String staple(int port) throws IOException, InterruptedException {
        Process client = new ProcessBuilder(
                        "openssl", "s_client", "-connect", "127.0.0.1:" + port, "-servername", "localhost", "-status")
                .redirectErrorStream(true)
                .start();
        client.getOutputStream().close();
        String said = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        client.waitFor();
        return said;
    }
}
