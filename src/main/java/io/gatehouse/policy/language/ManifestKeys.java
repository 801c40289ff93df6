package io.gatehouse.policy.language;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The keys of manifests: Ed25519 in PEM files, as {@code openssl genpkey -algorithm ed25519} makes them. Stateless. */
public final class ManifestKeys {
    private static final int MAX_BYTES = 16 * 1024;
    private static final Set<PosixFilePermission> OTHERS_WRITE =
            EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);
    private static final Set<PosixFilePermission> OTHERS = EnumSet.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE);

    private ManifestKeys() {}

    /** A key file that cannot be used as it is; the message names it and the mend. */
    public static final class UnusableKey extends Exception {
        private static final long serialVersionUID = 1L;

        UnusableKey(String message) {
            super(message);
        }

        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }

    /** Reads the key that signs; nobody but its owner may read the file. */
    public static PrivateKey signing(Path file) throws UnusableKey {
        byte[] der = pem(file, "PRIVATE KEY", OTHERS, "read or write", "600");
        try {
            return KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (GeneralSecurityException e) {
            throw new UnusableKey(file + ": is not an Ed25519 private key");
        } finally {
            Arrays.fill(der, (byte) 0);
        }
    }

    /** Reads the key that verifies; nobody but its owner may write the file. */
    public static PublicKey verifying(Path file) throws UnusableKey {
        byte[] der = pem(file, "PUBLIC KEY", OTHERS_WRITE, "write", "644");
        try {
            return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(der));
        } catch (GeneralSecurityException e) {
            throw new UnusableKey(file + ": is not an Ed25519 public key");
        }
    }

    /** Makes a pair in two files that are not there yet. */
    public static void generate(Path signing, Path verifying) throws UnusableKey {
        try {
            KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            create(signing, "PRIVATE KEY", pair.getPrivate().getEncoded(), "rw-------");
            create(verifying, "PUBLIC KEY", pair.getPublic().getEncoded(), "rw-r--r--");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime cannot make an Ed25519 key", e);
        }
    }

    private static void create(Path file, String what, byte[] der, String mode) throws UnusableKey {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        String text = "-----BEGIN " + what + "-----\n" + body + "\n-----END " + what + "-----\n";
        try {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode)));
            Files.write(file, text.getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
            throw new UnusableKey(file + ": is there already, and a key is not overwritten");
        } catch (IOException e) {
            throw new UnusableKey(file + ": cannot be written: " + e.getMessage());
        }
    }

    private static byte[] pem(Path file, String what, Set<PosixFilePermission> refused, String verb, String mend)
            throws UnusableKey {
        try {
            Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
            if (mode.stream().anyMatch(refused::contains)) {
                throw new UnusableKey(file + ": others can " + verb + " it (" + PosixFilePermissions.toString(mode)
                        + "). Mend it with: chmod " + mend + " " + file);
            }
            if (Files.size(file) > MAX_BYTES) {
                throw new UnusableKey(file + ": is larger than a key is");
            }
            String text = new String(Files.readAllBytes(file), StandardCharsets.US_ASCII);
            Matcher found = Pattern.compile("-----BEGIN " + what + "-----([^-]*)-----END " + what + "-----")
                    .matcher(text);
            if (!found.find()) {
                throw new UnusableKey(file + ": holds no \"BEGIN " + what + "\"");
            }
            return Base64.getMimeDecoder().decode(found.group(1));
        } catch (IOException e) {
            throw new UnusableKey(file + ": cannot be read: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw new UnusableKey(file + ": is not a PEM file");
        }
    }
}
