package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** OpenSSL's responder for an authority, over files: what {@code certs list --index} and {@code ocsp-signer} are for. */
record OpensslResponder(Path authority, Path folder) {
    /** What {@code openssl ocsp} says of a device's certificate, after it verified its own answer. */
    String ask(Path leaf) throws IOException, InterruptedException {
        if (!Files.exists(folder)) {
            done("ocsp-signer", "responder", "--out", folder, "-d", authority);
        }
        Path index = Files.writeString(folder.resolve("index.txt"), done("list", "--index", "-d", authority));
        Path issuer = authority.resolve("ca/device.crt");
        Path request = folder.resolve("request.der");
        Path response = folder.resolve("response.der");
        openssl("ocsp -issuer %s -cert %s -reqout %s", issuer, leaf, request);
        openssl(
                "ocsp -index %s -CA %s -rsigner %s -rkey %s -reqin %s -respout %s",
                index, issuer, folder.resolve("cert.pem"), folder.resolve("key.pem"), request, response);
        return openssl(
                "ocsp -respin %s -no_nonce -issuer %s -cert %s -CAfile %s -verify_other %s",
                response, issuer, leaf, authority.resolve("trust/root.pem"), issuer);
    }

    private static String openssl(String line, Object... files) throws IOException, InterruptedException {
        String[] words = ("openssl " + line).split(" ");
        int next = 0;
        for (int i = 0; i < words.length; i++) {
            if (words[i].equals("%s")) {
                words[i] = files[next++].toString();
            }
        }
        return run(0, (Object[]) words);
    }
}
