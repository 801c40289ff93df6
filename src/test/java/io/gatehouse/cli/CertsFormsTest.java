package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import io.gatehouse.pki.TestRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Forms that are made when a certificate is, requests certified in one step, and a fleet that goes on without a device. */
class CertsFormsTest {
    @TempDir
    private static Path temp;

    private static Path pki;

    @BeforeAll
    static void anAuthority() throws Exception {
        pki = CertsCalls.authority(temp.resolve("pki"));
    }

    private static String mode(Path file) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    /** A store is what openssl opens with the password beside it, and has the certificate's key. */
    private static void opens(Path store, Path folder) throws Exception {
        Path password = store.resolveSibling(store.getFileName() + ".password");
        String key = run(
                0,
                "sh",
                "-c",
                "openssl pkcs12 -in " + store + " -nodes -nocerts -passin file:" + password
                        + " | openssl pkey -pubout");
        assertThat(key.substring(key.indexOf("-----BEGIN")))
                .isEqualTo(run(0, "openssl", "x509", "-in", folder.resolve("cert.pem"), "-noout", "-pubkey"));
    }

    @Test
    void device_withForms_writesThemBesideAndOthersReadThem() throws Exception {
        Map<String, Object> made =
                Json.object(done("device", "pump", "--format", "p12,header,nvs,der", "-d", pki, "--json"));
        Path folder = pki.resolve("out/pump");
        assertThat((List<?>) made.get("files"))
                .extracting(file -> Path.of((String) file).getFileName().toString())
                .containsExactly(
                        "cert.pem",
                        "key.pem",
                        "ca.pem",
                        "pump.p12.password",
                        "pump.p12",
                        "pump.h",
                        "pump.csv",
                        "pump.der");
        for (String secret : List.of("pump.p12.password", "pump.p12", "pump.h", "pump.csv")) {
            assertThat(mode(folder.resolve(secret))).as(secret).isEqualTo("rw-------");
        }
        assertThat(mode(folder.resolve("pump.der"))).isEqualTo("rw-r--r--");
        opens(folder.resolve("pump.p12"), folder);
        assertThat(folder.resolve("pump.csv")).content().startsWith("key,type,encoding,value\n");
        // the passwords of two are two
        done("device", "fan", "--format", "p12", "-d", pki);
        assertThat(pki.resolve("out/fan/fan.p12.password"))
                .content()
                .isNotEqualTo(Files.readString(folder.resolve("pump.p12.password")));
        // a form that was not made again is of the certificate before
        CertsCalls.Answer renewed = certs("renew", "fan", "--format", "der", "-d", pki);
        assertThat(renewed.exitCode()).isZero();
        assertThat(renewed.err().lines())
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .startsWith(
                                "certs: warning: " + pki.resolve("out/fan/fan.p12") + " is of a certificate before"));
        // an id never takes the place of a holder's files
        done("device", "cert", "--format", "pem", "-d", pki);
        assertThat(pki.resolve("out/cert/cert.pem")).content().doesNotContain("PRIVATE");
        assertThat(pki.resolve("out/cert/whole-cert.pem")).content().contains("PRIVATE");
    }

    @Test
    void device_withRequest_certifiesItsKeyInOneStep() throws Exception {
        TestRequest request = TestRequest.of("lamp");
        Path csr = Files.write(temp.resolve("lamp.csr"), request.der());
        CertsCalls.Answer noKey = certs("device", "lamp", "--csr", csr, "--format", "p12", "-d", pki);
        assertThat(noKey.exitCode()).isEqualTo(2);
        assertThat(noKey.err()).contains("the key is with its holder");
        assertThat(certs("device", "lamp", "--csr", csr, "--algo", "p384", "-d", pki)
                        .exitCode())
                .isEqualTo(2);
        CertsCalls.Answer other = certs("device", "candle", "--csr", csr, "-d", pki);
        assertThat(other.exitCode()).isEqualTo(4);
        assertThat(other.err()).contains("the request is of \"lamp\", not of \"candle\"");
        assertThat(done("list", "--where", "id~*a*", "-d", pki)).doesNotContain("lamp", "candle");

        done("device", "lamp", "--csr", csr, "--serial-number", "SN-7", "--format", "der", "-d", pki);
        Path folder = pki.resolve("out/lamp");
        assertThat(folder.resolve("key.pem")).doesNotExist();
        assertThat(run(0, "openssl", "x509", "-in", folder.resolve("cert.pem"), "-noout", "-subject"))
                .contains("SN-7", "CN = lamp");
        assertThat(run(0, "openssl", "x509", "-in", folder.resolve("cert.pem"), "-noout", "-pubkey"))
                .isEqualTo(run(0, "openssl", "req", "-inform", "DER", "-in", csr, "-noout", "-pubkey"));
        assertThat(folder.resolve("lamp.der")).exists();
        assertThat(certs("renew", "lamp", "--same-key", "--format", "p12", "-d", pki)
                        .exitCode())
                .isEqualTo(2);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "shoe, unknown form",
        "'header,arduino', called as those of another",
        "'p12,p12-compat', called as those"
    })
    void device_withFormsThatCannotBe_isRefusedBeforeAnythingIsIssued(String forms, String why) {
        String before = done("list", "-d", pki);
        CertsCalls.Answer refused = certs("device", "shoe", "--format", forms, "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.err()).startsWith("certs: error[USAGE] ").contains(why);
        assertThat(done("list", "-d", pki)).isEqualTo(before);
    }

    @ParameterizedTest(name = "to {0}")
    @ValueSource(strings = {".tar", ".zip", ""})
    void batch_withForms_hasThemOfEveryDevice(String ending) throws Exception {
        String prefix = "f" + (ending.isEmpty() ? "olders" : ending.substring(1));
        Path table = Files.writeString(temp.resolve("t" + ending), "id\n" + prefix + "-1\n" + prefix + "-2\n");
        Path out = temp.resolve("forms" + ending);
        done("batch", table, "-o", out, "--format", "p12,der,nvs", "-d", pki);
        Path folders = out;
        if (!ending.isEmpty()) {
            folders = Files.createDirectory(temp.resolve("unpacked" + ending));
            if (ending.equals(".tar")) {
                run(0, "tar", "-xpf", out, "-C", folders);
            } else {
                run(
                        0,
                        "python3",
                        "-c",
                        "import zipfile,sys; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])",
                        out,
                        folders);
            }
        }
        for (int i = 1; i <= 2; i++) {
            String id = prefix + "-" + i;
            assertThat(folders.resolve(id).toFile().list())
                    .containsExactlyInAnyOrder(
                            "key.pem",
                            "cert.pem",
                            "ca.pem",
                            id + ".p12",
                            id + ".p12.password",
                            id + ".der",
                            id + ".csv");
            opens(folders.resolve(id + "/" + id + ".p12"), folders.resolve(id));
        }
        if (!ending.equals(".zip")) {
            assertThat(mode(folders.resolve(prefix + "-1/" + prefix + "-1.p12")))
                    .isEqualTo("rw-------");
        }
        done("batch", table, "-o", out, "--format", "p12", "--resume", "-d", pki);
        CertsCalls.Answer another = certs("batch", table, "-o", out, "--format", "jks", "--resume", "-d", pki);
        assertThat(another.exitCode()).isEqualTo(3);
        assertThat(another.err()).contains("written without a form that is asked for now");
    }

    /** A refusal changes nothing, and what was there opens as before. */
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"p12", "p12-compat", "jks"})
    void export_thatIsRefused_leavesTheStoreAndItsPassword(String form) throws Exception {
        Files.write(
                temp.resolve(form + ".csr"), TestRequest.of("keyless-" + form).der());
        done("device", "keyless-" + form, "--csr", temp.resolve(form + ".csr"), "-d", pki);
        done("device", "of-" + form, "-d", pki);
        Path store = temp.resolve("kept-" + form);
        Path password = temp.resolve("kept-" + form + ".password");
        done("export", "of-" + form, "--format", form, "-o", store, "-d", pki);
        String before = Files.readString(password);
        byte[] bytes = Files.readAllBytes(store);
        for (String other : List.of("nobody", "keyless-" + form)) {
            CertsCalls.Answer refused = certs("export", other, "--format", form, "-o", store, "-d", pki);
            assertThat(refused.exitCode()).as(refused.err()).isEqualTo(5);
            assertThat(certs("export", other, "--format", form, "-d", pki).exitCode())
                    .isEqualTo(5);
        }
        assertThat(password).hasContent(before);
        assertThat(store).hasBinaryContent(bytes);
        assertThat(pki.resolve("out/keyless-" + form).toFile().list()).containsExactlyInAnyOrder("cert.pem", "ca.pem");
        assertThat(mode(password)).isEqualTo("rw-------");
        if (form.equals("p12")) {
            opens(store, pki.resolve("out/of-p12"));
        }
        done("export", "of-" + form, "--format", form, "-o", store, "-d", pki);
        assertThat(Files.readString(password)).isNotEqualTo(before);
    }

    @Test
    void issuing_intoTheFolderOfAnother_isRefusedBeforeAnythingIsIssued() throws Exception {
        Path strange = temp.resolve("strange");
        done("init", "--generate-passphrase", "-d", strange);
        done("device", "gate", "-d", strange);
        done("device", "gate", "-d", pki);
        done("server", "gate-2", "--dns", "gate.example.com", "-d", pki);
        Path keyOnly = Files.createDirectory(temp.resolve("key-only"));
        Files.copy(pki.resolve("out/gate/key.pem"), keyOnly.resolve("key.pem"));
        Path gate = pki.resolve("out/gate");
        byte[] key = Files.readAllBytes(gate.resolve("key.pem"));
        String before = done("list", "-d", pki);
        List<List<Object>> all = List.of(
                List.of("device", "fence", "-o", gate),
                List.of("device", "gate", "--replace", "-o", strange.resolve("out/gate")),
                List.of("server", "gate", "--dns", "gate.example.com"),
                List.of("server", "fence", "--dns", "fence.example.com", "-o", pki.resolve("out/gate-2")),
                List.of("renew", "gate-2", "-o", gate),
                List.of("ocsp-signer", "responder", "-o", gate),
                List.of("device", "fence", "-o", keyOnly));
        for (List<Object> one : all) {
            List<Object> line = new ArrayList<>(one);
            line.addAll(List.of("-d", pki));
            CertsCalls.Answer refused = certs(line.toArray());
            assertThat(refused.exitCode()).as(one + refused.err()).isEqualTo(4);
            assertThat(refused.err()).startsWith("certs: error[POLICY] ").contains("never overwritten", "--out");
        }
        assertThat(certs("device", "fence", "-o", gate, "-d", pki).err())
                .contains(gate.resolve("cert.pem") + ": that of the device \"gate\"");
        assertThat(done("list", "-d", pki)).isEqualTo(before);
        assertThat(gate.resolve("key.pem")).hasBinaryContent(key);
        // its own is what renewal and --replace are for
        done("renew", "gate", "-d", pki);
        done("device", "gate", "--replace", "-o", gate, "-d", pki);
        done("device", "gate", "--admin", "--replace", "-d", pki); // clients have one set of names
    }

    /** No certificate stays valid whose key nobody has, and the key that was there is not lost. */
    @Test
    void issuing_whatCannotBeWritten_revokesItAndKeepsWhatIsThere() throws Exception {
        Path place = Files.createDirectories(temp.resolve("blocked"));
        Files.createDirectories(place.resolve("ca.pem/in-the-way"));
        CertsCalls.Answer failed = certs("device", "blocked", "-o", place, "-d", pki);
        assertThat(failed.exitCode()).isEqualTo(1);
        assertThat(failed.err()).contains(place + ": cannot be written: ca.pem is a folder there", "was revoked");
        assertThat(place.toFile().list()).containsExactly("ca.pem");
        assertThat(done("list", "--id", "blocked", "--state", "revoked", "-d", pki))
                .contains("1 certificate");
        Files.delete(place.resolve("ca.pem/in-the-way"));
        Files.delete(place.resolve("ca.pem"));
        done("device", "blocked", "-o", place, "-d", pki); // the same again

        byte[] key = Files.readAllBytes(place.resolve("key.pem"));
        Files.delete(place.resolve("ca.pem"));
        Files.createDirectories(place.resolve("ca.pem/in-the-way"));
        assertThat(certs("renew", "blocked", "-o", place, "-d", pki).exitCode()).isEqualTo(1);
        assertThat(place.resolve("key.pem")).hasBinaryContent(key);
        assertThat(done("list", "--id", "blocked", "--state", "revoked", "-d", pki))
                .contains("2 certificates");
        Files.delete(place.resolve("ca.pem/in-the-way"));
        Files.delete(place.resolve("ca.pem"));
        done("renew", "blocked", "-o", place, "-d", pki); // of the one that is in force
        assertThat(Files.readAllBytes(place.resolve("key.pem"))).isNotEqualTo(key);
        assertThat(done("list", "--id", "blocked", "--state", "revoked", "-d", pki))
                .contains("2 certificates");
    }

    @Test
    void batch_withAFormOfTheKeyForARequest_isRefusedWhole() throws Exception {
        Files.write(temp.resolve("own.csr"), TestRequest.of("own").der());
        Path table = Files.writeString(temp.resolve("own.csv"), "id,csr_file\nown,own.csr\nmade,\n");
        CertsCalls.Answer refused =
                certs("batch", table, "-o", temp.resolve("own"), "--format", "p12", "--on-error", "skip", "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err())
                .startsWith("certs: error[FORM_KEY] " + table + ":2: p12 would hold the key of \"own\"");
        assertThat(temp.resolve("own")).doesNotExist();
    }

    @Test
    void batch_onErrorSkip_leavesOutWhatIsTakenAndSaysWhich() throws Exception {
        done("device", "s-2", "-d", pki);
        String serial = serial("s-2");
        TestRequest taken = TestRequest.of("s-other");
        Files.write(temp.resolve("taken.csr"), taken.der());
        done("sign", temp.resolve("taken.csr"), "-d", pki);
        Files.write(temp.resolve("s4.csr"), taken.as("s-4").der());
        Path table = Files.writeString(temp.resolve("s.csv"), "id,csr_file\ns-1,\ns-2,\ns-3,\ns-4,s4.csr\n");
        Path out = temp.resolve("skips");

        CertsCalls.Answer stopped = certs("batch", table, "-o", out, "-d", pki);
        assertThat(stopped.exitCode()).isEqualTo(3);
        assertThat(stopped.err()).contains("error[ID_TAKEN] " + table + ":3:", "nothing was issued");
        CertsCalls.Answer dry = certs("batch", table, "-o", out, "--on-error", "skip", "--dry-run", "-d", pki);
        assertThat(dry.exitCode()).isEqualTo(8);
        assertThat(out).doesNotExist();

        CertsCalls.Answer skipped = certs("batch", table, "-o", out, "--on-error", "skip", "-d", pki);
        assertThat(skipped.exitCode()).isEqualTo(8);
        assertThat(skipped.err().lines().toList())
                .hasSize(3)
                .satisfies(
                        lines -> assertThat(lines.get(0)).startsWith("certs: error[ID_TAKEN] " + table + ":3: \"s-2\""))
                .satisfies(lines ->
                        assertThat(lines.get(1)).startsWith("certs: error[KEY_TAKEN] " + table + ":5: the key"))
                .satisfies(lines -> assertThat(lines.get(2))
                        .isEqualTo("certs: error[PARTIAL] 2 devices were left out; the manifest says which"));
        assertThat(out.toFile().list()).containsExactlyInAnyOrder("s-1", "s-3", "manifest.csv");
        List<String> manifest = Files.readAllLines(out.resolve("manifest.csv"));
        assertThat(manifest.get(0)).isEqualTo("id,profile,serial,not_after,state,reason");
        assertThat(manifest)
                .contains("s-2,device,,,skipped,ID_TAKEN", "s-4,device,,,skipped,KEY_TAKEN")
                .hasSize(5);

        // going on does not mistake the other's certificate for one of this run's
        CertsCalls.Answer again = certs("batch", table, "-o", out, "--on-error", "skip", "--resume", "-d", pki);
        assertThat(again.exitCode()).isEqualTo(8);
        assertThat(again.out()).contains("issued 0, kept 2 of an earlier run, of 4");
        assertThat(serial("s-2")).isEqualTo(serial);
        // and makes it when its place is free
        done("revoke", "s-2", "-d", pki);
        assertThat(certs("batch", table, "-o", out, "--on-error", "skip", "--resume", "-d", pki)
                        .out())
                .contains("issued 1, kept 2 of an earlier run, of 4");
    }

    private static String serial(String id) {
        return done("list", "--id", id, "--state", "active", "--csv", "-d", pki)
                .lines()
                .skip(1)
                .map(line -> line.split(",")[3])
                .findFirst()
                .orElse("none");
    }

    @Test
    void batch_onErrorSkipWithFaultsInTheTable_beginsNothing() throws Exception {
        Path table = Files.writeString(temp.resolve("bad.csv"), "id\nb-1\nb 2\nb-1\n");
        CertsCalls.Answer refused = certs("batch", table, "-o", temp.resolve("bad"), "--on-error", "skip", "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err()).contains("error[CSV_VALUE] ", "error[CSV_DUP_ID] ", "nothing was issued");
        assertThat(temp.resolve("bad")).doesNotExist();
    }
}
