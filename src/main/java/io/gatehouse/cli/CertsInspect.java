package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Contents;
import io.gatehouse.pki.FileFault;
import io.gatehouse.pki.Inspection;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.Ledger;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.RevocationReason;
import io.gatehouse.protocol.Secret;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code certs inspect}: what is in a file, what was issued to a holder, what a port shows. */
@Command(
        name = "inspect",
        description =
                "Show what is in a file: certificates, requests, revocation lists and keys (PEM, DER), PKCS#12 and JKS"
                        + " stores; what was issued to a holder; or what a TLS port shows.",
        mixinStandardHelpOptions = true)
final class CertsInspect implements Runnable {
    private static final int MAX_BYTES = 32 << 20;

    @Parameters(
            paramLabel = "FILE|-|ID|HOST:PORT|URL",
            description =
                    "A file; - for standard input; a holder of the authority in --dir; or a port, also as mqtts://HOST.")
    private String what = "";

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Mixin
    private SecretInput password = new SecretInput();

    @Override
    public void run() {
        try {
            List<Map<String, Object>> all = all();
            if (common.json()) {
                common.out().println(Json.pretty(all));
                return;
            }
            for (int i = 0; i < all.size(); i++) {
                common.out()
                        .println(all.get(i).getOrDefault("kind", "certificate") + " " + (i + 1) + " of " + all.size());
                all.get(i).forEach((key, value) -> common.out().printf("  %-18s %s%n", key, value));
            }
            boolean certificate = all.stream().anyMatch(one -> one.containsKey("notAfter"));
            if (certificate && !what.equals("-")) {
                boolean file = Files.exists(Path.of(what));
                common.out()
                        .println("next: gatehouse certs " + (file ? "verify " + what : "list -d " + common.folder()));
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    private List<Map<String, Object>> all() throws PkiProblem {
        if (what.equals("-")) {
            return Contents.of("standard input", standardInput(), this::password);
        }
        Path file = Path.of(what);
        if (Files.exists(file)) {
            return Contents.of(what, Pem.bytes(file), this::password);
        }
        List<Map<String, Object>> issued = issued();
        if (!issued.isEmpty()) {
            return issued;
        }
        Optional<LivePort> port = LivePort.of(what);
        if (port.isPresent()) {
            return seen(port.get());
        }
        throw Failure.of(5, what + ": no such file, and no holder in " + common.folder());
    }

    private byte[] standardInput() {
        try {
            byte[] bytes = System.in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw Failure.of(3, "standard input: larger than " + MAX_BYTES + " bytes");
            }
            return bytes;
        } catch (IOException e) {
            throw Failure.of(1, "standard input cannot be read: " + FileFault.why(e));
        }
    }

    /** Every certificate of a holder, oldest first, as the journal has them. */
    private List<Map<String, Object>> issued() throws PkiProblem {
        if (!Authority.exists(common.folder())) {
            return List.of();
        }
        List<X509Certificate> certificates = new ArrayList<>();
        Inventory inventory = Ledger.certificates(common.folderToRead(), what, certificates::add);
        Instant now = Clock.systemUTC().instant();
        List<Map<String, Object>> all = new ArrayList<>();
        for (X509Certificate certificate : certificates) {
            Map<String, Object> fields = new LinkedHashMap<>(Inspection.describe(certificate));
            inventory.bySerial(certificate.getSerialNumber()).ifPresent(item -> {
                fields.put("state", item.state(now).word());
                Instant revokedAt = item.revokedAt();
                RevocationReason reason = item.reason();
                if (revokedAt != null && reason != null) {
                    fields.put("revokedAt", revokedAt.toString());
                    fields.put("reason", reason.word());
                }
            });
            all.add(fields);
        }
        return all;
    }

    private List<Map<String, Object>> seen(LivePort port) throws PkiProblem {
        LivePort.Seen seen;
        try {
            seen = port.look();
        } catch (IOException e) {
            throw Failure.of(5, what + ": " + FileFault.why(e));
        }
        List<Map<String, Object>> all = new ArrayList<>();
        Map<String, Object> handshake = new LinkedHashMap<>();
        handshake.put("kind", "handshake");
        handshake.put("peer", seen.peer());
        handshake.put("protocol", seen.protocol());
        handshake.put("cipherSuite", seen.cipherSuite());
        handshake.put("asksForCertificate", seen.asksForCertificate() ? "yes" : "no");
        all.add(handshake);
        for (X509Certificate certificate : seen.chain()) {
            all.add(Inspection.describe(certificate));
        }
        return all;
    }

    private char[] password() {
        Secret secret = password.password(what, false);
        byte[] bytes = secret.copy();
        secret.wipe();
        CharBuffer chars = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(bytes));
        Arrays.fill(bytes, (byte) 0);
        char[] copy = new char[chars.remaining()];
        chars.get(copy);
        Arrays.fill(chars.array(), '\0');
        return copy;
    }
}
