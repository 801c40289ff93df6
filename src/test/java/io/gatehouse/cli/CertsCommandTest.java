package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CertsCommandTest {
    @TempDir
    private Path temp;

    private Path pki;

    @BeforeEach
    void anAuthority() throws Exception {
        pki = CertsCalls.authority(temp.resolve("pki"));
    }

    private static String openssl(int expected, Object... arguments) throws IOException, InterruptedException {
        return run(
                expected,
                Stream.concat(Stream.of("openssl"), Stream.of(arguments)).toArray());
    }

    @Test
    void init_onAnAuthority_changesNothing() throws Exception {
        byte[] before = Files.readAllBytes(pki.resolve("ca/root.crt"));
        CertsCalls.Answer again = certs("init", "--generate-passphrase", "-d", pki);
        assertThat(again.exitCode()).isEqualTo(3);
        assertThat(again.err()).startsWith("certs: error[INPUT] ").contains("never overwritten");
        assertThat(Files.readAllBytes(pki.resolve("ca/root.crt"))).isEqualTo(before);
    }

    @Test
    void revoke_thenOpensslWithTheList_refusesThatOneOnly() throws Exception {
        certs("device", "pump", "-d", pki);
        certs("device", "valve", "-d", pki);
        assertThat(certs("revoke", "pump", "--reason", "keyCompromise", "-d", pki)
                        .exitCode())
                .isZero();
        Path trust = Files.write(temp.resolve("trust.pem"), Files.readAllBytes(pki.resolve("trust/device-ca.pem")));
        for (String id : List.of("pump", "valve")) {
            String answer = openssl(
                    id.equals("pump") ? 2 : 0,
                    "verify",
                    "-x509_strict",
                    "-partial_chain",
                    "-crl_check",
                    "-CRLfile",
                    pki.resolve("crl/device.pem"),
                    "-CAfile",
                    trust,
                    pki.resolve("out").resolve(id).resolve("cert.pem"));
            assertThat(answer.contains("certificate revoked")).isEqualTo(id.equals("pump"));
        }
        assertThat(certs("renew", "pump", "-d", pki).exitCode()).isEqualTo(4);
        String serial = openssl(0, "x509", "-in", pki.resolve("out/pump/cert.pem"), "-noout", "-serial");
        assertThat(certs("inspect", pki.resolve("crl/device.crl")).out())
                .contains("revocation list", serial.trim().substring(10).toLowerCase(java.util.Locale.ROOT));
        String list = certs("list", "--json", "--state", "revoked", "-d", pki).out();
        assertThat(list).contains("\"pump\"", "keyCompromise").doesNotContain("valve");
    }

    @Test
    void sign_requestThatAsksForMore_dropsAndReportsIt() throws Exception {
        Path csr = temp.resolve("r.csr");
        CertsCalls.request(
                csr,
                temp.resolve("k.pem"),
                "/CN=pump",
                "-addext",
                "basicConstraints=critical,CA:TRUE",
                "-addext",
                "extendedKeyUsage=serverAuth");
        CertsCalls.Answer signed = certs("sign", csr, "-d", pki);
        assertThat(signed.exitCode()).isZero();
        assertThat(signed.err()).contains("basicConstraints", "extendedKeyUsage");
        assertThat(certs("inspect", csr).out()).contains("certification request", "pump", "EC P-256");
        assertThat(certs("inspect", pki.resolve("ca/root.key")).out()).contains("encrypted");
        String text = openssl(0, "x509", "-in", pki.resolve("out/pump/cert.pem"), "-noout", "-text");
        assertThat(text).contains("CA:FALSE", "TLS Web Client Authentication").doesNotContain("Server");
        assertThat(pki.resolve("out/pump/key.pem")).doesNotExist();
        // the same key for another holder
        assertThat(certs("sign", csr, "--id", "valve", "-d", pki).exitCode()).isEqualTo(4);
        // a request whose proof of possession was broken
        byte[] der =
                java.util.Base64.getMimeDecoder().decode(Files.readString(csr).replaceAll("-----[A-Z ]+-----", ""));
        der[der.length - 3] ^= 1;
        Path broken = Files.write(temp.resolve("broken.csr"), der);
        CertsCalls.Answer refused = certs("sign", broken, "--replace", "-d", pki);
        assertThat(refused.exitCode()).isEqualTo(4);
        assertThat(refused.err()).contains("nobody has proven");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "pem, pkey -in FILE -noout",
        "der, x509 -inform DER -in FILE -noout",
        "pkcs8, pkey -inform DER -in FILE -noout",
        "p12, pkcs12 -in FILE -passin file:FILE.password -noout",
        "p12-compat, pkcs12 -legacy -in FILE -passin file:FILE.password -noout"
    })
    void export_isReadByOpenssl(String format, String command) throws Exception {
        certs("device", "pump", "-d", pki);
        Path file = temp.resolve("exported");
        assertThat(certs("export", "pump", "-f", format, "-o", file, "-d", pki).exitCode())
                .isZero();
        openssl(0, (Object[]) command.replace("FILE", file.toString()).split(" "));
    }

    @Test
    void export_ofJavasStores_isReadByKeytool() throws Exception {
        certs("device", "pump", "-d", pki);
        for (String format : List.of("p12", "jks")) {
            Path file = temp.resolve("pump." + format);
            assertThat(certs("export", "pump", "-f", format, "-o", file, "-d", pki)
                            .exitCode())
                    .isZero();
            String listed = run(
                    0,
                    Path.of(System.getProperty("java.home"), "bin", "keytool"),
                    "-list",
                    "-v",
                    "-keystore",
                    file,
                    "-storepass:file",
                    file + ".password");
            assertThat(listed).contains("PrivateKeyEntry", "Certificate chain length: 3", "trustedCertEntry");
        }
    }

    @Test
    void export_zip_isUnpackedByJava_withTheFilesOfTheFolder() throws Exception {
        certs("device", "pump", "-d", pki);
        Path file = temp.resolve("pump.zip");
        assertThat(certs("export", "pump", "-f", "zip", "-o", file, "-d", pki).exitCode())
                .isZero();
        assertThat(java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        try (var zip =
                java.nio.file.FileSystems.newFileSystem(file, java.util.Map.of("enablePosixFileAttributes", true))) {
            for (String name : List.of("key.pem", "cert.pem", "ca.pem")) {
                Path inside = zip.getPath("pump", name);
                assertThat(Files.readAllBytes(inside)).isEqualTo(Files.readAllBytes(pki.resolve("out/pump/" + name)));
                assertThat(java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(inside)))
                        .isEqualTo(name.equals("key.pem") ? "rw-------" : "rw-r--r--");
            }
        }
    }

    /** A program that includes the header prints what is in it. */
    @ParameterizedTest(name = "{0} by {1}")
    @CsvSource({"header, gcc, c", "arduino, g++, cpp"})
    void export_forFirmware_isCompiledToTheSameText(String format, String compiler, String ending) throws Exception {
        certs("device", "pump", "-d", pki);
        Path header = temp.resolve("device_config.h");
        assertThat(certs("export", "pump", "-f", format, "-o", header, "-d", pki)
                        .exitCode())
                .isZero();
        String text = Files.readString(header);
        for (String name : List.of("key.pem", "cert.pem", "ca.pem")) { // also where there is no compiler
            assertThat(text.replaceAll("\\\\n\"\n    \"", "\n").replace("\\n\";", "\n"))
                    .contains(Files.readString(pki.resolve("out/pump/" + name)));
        }
        Path source = Files.writeString(temp.resolve("main." + ending), """
                #include <stdio.h>
                #include "device_config.h"
                int main(void) {
                    printf("%s%s%s%s", GATEHOUSE_CA_PEM, GATEHOUSE_CERT_PEM, GATEHOUSE_KEY_PEM, GATEHOUSE_DEVICE_ID);
                    return 0;
                }
                """);
        Path program = temp.resolve("program");
        try {
            run(0, compiler, "-Wall", "-Werror", "-o", program, source);
        } catch (IOException missing) {
            org.junit.jupiter.api.Assumptions.abort("not compiled: no " + compiler + " here");
        }
        assertThat(run(0, program))
                .isEqualTo(Files.readString(pki.resolve("out/pump/ca.pem"))
                        + Files.readString(pki.resolve("out/pump/cert.pem"))
                        + Files.readString(pki.resolve("out/pump/key.pem")) + "pump");
    }

    /** The table as ESP-IDF documents it: four columns, a namespace first; mbedTLS wants the NUL at the end of PEM. */
    @Test
    void export_forNvs_holdsTheFilesInBase64() throws Exception {
        certs("device", "pump", "-d", pki);
        Path file = temp.resolve("pump.csv");
        assertThat(certs("export", "pump", "-f", "esp-nvs", "-o", file, "-d", pki)
                        .exitCode())
                .isZero();
        List<String> lines = Files.readAllLines(file);
        assertThat(lines)
                .hasSize(6)
                .startsWith("key,type,encoding,value", "gatehouse,namespace,,", "device_id,data,string,pump");
        for (String name : List.of("ca", "cert", "key")) {
            String line = lines.stream()
                    .filter(one -> one.startsWith(name + ",data,base64,"))
                    .findFirst()
                    .orElseThrow();
            assertThat(new String(
                            java.util.Base64.getDecoder().decode(line.substring(line.lastIndexOf(',') + 1)),
                            StandardCharsets.US_ASCII))
                    .isEqualTo(Files.readString(pki.resolve("out/pump/" + name + ".pem")) + "\0");
        }
    }

    @Test
    void batch_faultyTable_namesEveryLineAndIssuesNothing() throws Exception {
        Path table = Files.writeString(temp.resolve("f.csv"), "id,validity_days\npump,90\npump,90\na/b,90\nlamp,0\n");
        CertsCalls.Answer answer = certs("batch", table, "-o", temp.resolve("out"), "-d", pki);
        assertThat(answer.exitCode()).isEqualTo(3);
        assertThat(answer.err()
                        .lines()
                        .map(line -> line.replace(temp + "/", ""))
                        .toList())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .isEqualTo("certs: error[CSV_DUP_ID] f.csv:3: id \"pump\" is on line 2 already"),
                        line -> assertThat(line).startsWith("certs: error[CSV_VALUE] f.csv:4: \"a/b\""),
                        line -> assertThat(line).startsWith("certs: error[CSV_VALUE] f.csv:5: validity_days \"0\""),
                        line -> assertThat(line).isEqualTo("certs: error[INPUT] nothing was issued"));
        assertThat(certs("list", "-d", pki).out()).startsWith("0 certificates\n");
    }

    @Test
    void token_withAnotherPassphrase_isNotMade() throws Exception {
        Path wrong = Files.writeString(temp.resolve("wrong"), "wrong horse battery");
        Files.setPosixFilePermissions(wrong, PosixFilePermissions.fromString("rw-------"));
        Path fleet = Files.writeString(temp.resolve("fleet.csv"), "id\npump\n");
        assertThat(certs("token", "new", "pump", "--passphrase-file", wrong, "-d", pki)
                        .exitCode())
                .isEqualTo(7);
        assertThat(certs(
                                "batch",
                                fleet,
                                "--token-only",
                                "-o",
                                temp.resolve("tokens.csv"),
                                "--passphrase-file",
                                wrong,
                                "-d",
                                pki)
                        .exitCode())
                .isEqualTo(7);
        assertThat(certs("token", "list", "-d", pki).out()).doesNotContain("pump");
        assertThat(temp.resolve("tokens.csv")).doesNotExist();
    }

    @Test
    void backup_restoredElsewhere_goesOn() throws Exception {
        certs("device", "pump", "-d", pki);
        Path backup = temp.resolve("b");
        assertThat(certs("backup", backup, "-d", pki).exitCode()).isZero();
        Path passphrase = pki.resolve("passphrase");
        Path elsewhere = temp.resolve("elsewhere");
        assertThat(certs("restore", backup, "-d", elsewhere, "--passphrase-file", passphrase)
                        .exitCode())
                .isZero();
        assertThat(certs("device", "valve", "-d", elsewhere, "--passphrase-file", passphrase)
                        .exitCode())
                .isZero();
        byte[] changed = Files.readAllBytes(backup);
        changed[changed.length - 1] ^= 1;
        Files.write(backup, changed);
        assertThat(certs("restore", backup, "-d", temp.resolve("third"), "--passphrase-file", passphrase)
                        .exitCode())
                .isEqualTo(7);
    }

    @Test
    void backup_ofALargeAuthority_isRestoredWithItsProfiles() throws Exception {
        Path profiles = Files.createDirectories(pki.resolve("profiles"));
        String own = certs("profile", "device").out();
        Files.writeString(profiles.resolve("device.yaml"), own);
        Files.write(pki.resolve("trust/others.pem"), new byte[33 << 20]); // more than any certificate or table
        Path backup = temp.resolve("b");
        assertThat(certs("backup", backup, "-d", pki).exitCode()).isZero();
        Path elsewhere = temp.resolve("elsewhere");
        CertsCalls.Answer restored =
                certs("restore", backup, "-d", elsewhere, "--passphrase-file", pki.resolve("passphrase"));
        assertThat(restored.exitCode()).as(restored.err()).isZero();
        assertThat(elsewhere.resolve("trust/others.pem")).hasSize(33 << 20);
        assertThat(elsewhere.resolve("profiles/device.yaml")).hasContent(own);
    }

    @Test
    void backup_ofMoreThanCanBeRestored_isRefused() throws Exception {
        Path large = pki.resolve("trust/others.pem");
        try (var file = new java.io.RandomAccessFile(large.toFile(), "rw")) {
            file.setLength((1L << 30) + 1); // of holes
        }
        Path backup = temp.resolve("b");
        CertsCalls.Answer refused = certs("backup", backup, "-d", pki);
        assertThat(refused.exitCode()).as(refused.err()).isEqualTo(3);
        assertThat(refused.err()).startsWith("certs: error[INPUT] " + large + ": 1073741825 bytes; a backup holds");
        assertThat(backup).doesNotExist();
    }

    @Test
    void doctor_namesWhatOthersCanRead() throws Exception {
        certs("device", "pump", "-d", pki);
        assertThat(certs("doctor", "-d", pki).exitCode()).isZero();
        Path key = pki.resolve("out/pump/key.pem");
        Files.setPosixFilePermissions(key, java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));
        CertsCalls.Answer answer = certs("doctor", "-d", pki);
        assertThat(answer.exitCode()).isEqualTo(9);
        assertThat(answer.out()).contains("chmod 600 " + key);
    }

    @Test
    void verify_andLint_nameTheRule() throws Exception {
        certs("server", "broker", "--dns", "localhost", "-d", pki);
        Path server = pki.resolve("out/broker/cert.pem");
        Path root = pki.resolve("trust/root.pem");
        assertThat(certs("verify", server, "--ca", root, "--as", "server", "--host", "localhost")
                        .exitCode())
                .isZero();
        CertsCalls.Answer asClient = certs("verify", server, "--ca", root);
        assertThat(asClient.exitCode()).isEqualTo(4);
        assertThat(asClient.err()).contains("CERT_EKU");
        CertsCalls.Answer otherHost = certs("verify", server, "--ca", root, "--as", "server", "--host", "example.com");
        assertThat(otherHost.err()).contains("CERT_NAME");
        assertThat(certs("lint", server).exitCode()).isZero();
        Path old = temp.resolve("old.pem");
        openssl(
                0,
                "req",
                "-x509",
                "-newkey",
                "rsa:1024",
                "-nodes",
                "-keyout",
                temp.resolve("k"),
                "-subj",
                "/CN=x",
                "-sha1",
                "-out",
                old);
        CertsCalls.Answer lint = certs("lint", old);
        assertThat(lint.exitCode()).isEqualTo(9);
        assertThat(lint.out()).contains("GH-CERT-005", "GH-CERT-006");
    }
}
