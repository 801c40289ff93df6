package io.gatehouse.authn;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** The client's side of SCRAM-SHA-256 by the RFC, made of nothing but the JDK. */
public final class ScramClient {
    private final String bare;
    private final String header;
    private final String password;

    public ScramClient(String user, String password, String nonce) {
        this("n,,", user, password, nonce);
    }

    ScramClient(String header, String user, String password, String nonce) {
        this.header = header;
        this.bare = "n=" + user + ",r=" + nonce;
        this.password = password;
    }

    public String first() {
        return header + bare;
    }

    /** A last message: what is sent and what the server has to answer. */
    public record Last(String message, String expectedAnswer) {}

    public Last last(String serverFirst) throws Exception {
        return last(serverFirst, Base64.getEncoder().encodeToString(header.getBytes(StandardCharsets.UTF_8)));
    }

    Last last(String serverFirst, String binding) throws Exception {
        String[] parts = serverFirst.split(",");
        byte[] salt = Base64.getDecoder().decode(parts[1].substring(2));
        int iterations = Integer.parseInt(parts[2].substring(2));
        byte[] salted = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                .generateSecret(new PBEKeySpec(password.toCharArray(), salt, iterations, 256))
                .getEncoded();
        byte[] clientKey = hmac(salted, "Client Key");
        byte[] storedKey = MessageDigest.getInstance("SHA-256").digest(clientKey);
        String withoutProof = "c=" + binding + "," + parts[0];
        String about = bare + "," + serverFirst + "," + withoutProof;
        byte[] signature = hmac(storedKey, about);
        byte[] proof = new byte[32];
        for (int i = 0; i < 32; i++) {
            proof[i] = (byte) (clientKey[i] ^ signature[i]);
        }
        Base64.Encoder base64 = Base64.getEncoder();
        return new Last(
                withoutProof + ",p=" + base64.encodeToString(proof),
                "v=" + base64.encodeToString(hmac(hmac(salted, "Server Key"), about)));
    }

    private static byte[] hmac(byte[] key, String text) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }
}
