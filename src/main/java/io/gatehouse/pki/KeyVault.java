package io.gatehouse.pki;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Provider;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.misc.MiscObjectIdentifiers;
import org.bouncycastle.asn1.misc.ScryptParams;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.KeyDerivationFunc;
import org.bouncycastle.asn1.pkcs.PBES2Parameters;
import org.bouncycastle.asn1.pkcs.PBKDF2Params;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.jcajce.io.CipherInputStream;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8DecryptorProviderBuilder;
import org.bouncycastle.operator.InputDecryptor;
import org.bouncycastle.operator.InputDecryptorProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS8EncryptedPrivateKeyInfoBuilder;
import org.bouncycastle.pkcs.jcajce.JcePKCSPBEOutputEncryptorBuilder;
import org.conscrypt.ScryptKeySpec;

/**
 * The authority's keys on disk: PKCS#8 encrypted with PBES2, scrypt or PBKDF2, and AES-256 (RFC 8018, RFC 7914), in
 * the standard form. Stateless.
 */
final class KeyVault {
    private static final int AES_BITS = 256;

    private KeyVault() {}

    static void write(Path file, PrivateKey key, char[] passphrase, KeyDerivation derivation) throws IOException {
        try {
            PKCS8EncryptedPrivateKeyInfo encrypted = new JcaPKCS8EncryptedPrivateKeyInfoBuilder(key)
                    .build(new JcePKCSPBEOutputEncryptorBuilder(
                                    derivation.config(), NISTObjectIdentifiers.id_aes256_CBC)
                            .setProvider(BouncyCastle.PROVIDER)
                            .build(passphrase));
            StringWriter text = new StringWriter();
            try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
                writer.writeObject(encrypted);
            }
            AtomicFiles.writePrivate(file, text.toString().getBytes(StandardCharsets.US_ASCII));
        } catch (OperatorCreationException e) {
            throw new IOException("the key cannot be encrypted: " + e.getMessage(), e);
        }
    }

    /** How a key is encrypted, as its file says in the clear. */
    static String describe(Path file) throws PkiProblem {
        Optional<PKCS8EncryptedPrivateKeyInfo> encrypted = parse(file);
        if (encrypted.isEmpty()) {
            return "not encrypted";
        }
        try {
            return describe(scheme(encrypted.get()));
        } catch (IllegalArgumentException e) {
            return "encrypted in a way that is not understood";
        }
    }

    private static String describe(PBES2Parameters scheme) {
        KeyDerivationFunc function = scheme.getKeyDerivationFunc();
        String cipher = scheme.getEncryptionScheme().getAlgorithm().equals(NISTObjectIdentifiers.id_aes256_CBC)
                ? "AES-256-CBC"
                : scheme.getEncryptionScheme().getAlgorithm().getId();
        if (function.getAlgorithm().equals(MiscObjectIdentifiers.id_scrypt)) {
            ScryptParams scrypt = ScryptParams.getInstance(function.getParameters());
            return "PBES2: scrypt N=" + scrypt.getCostParameter() + " r=" + scrypt.getBlockSize() + " p="
                    + scrypt.getParallelizationParameter() + "; " + cipher;
        }
        PBKDF2Params pbkdf2 = PBKDF2Params.getInstance(function.getParameters());
        boolean sha256 = pbkdf2.getPrf().getAlgorithm().equals(PKCSObjectIdentifiers.id_hmacWithSHA256);
        return "PBES2: PBKDF2 "
                + (sha256 ? "HMAC-SHA256" : pbkdf2.getPrf().getAlgorithm().getId()) + " "
                + pbkdf2.getIterationCount() + " times; " + cipher;
    }

    /** @throws PkiProblem if a file holds no key that is encrypted in a way that is known here */
    static void requireEncrypted(Path file) throws PkiProblem {
        try {
            describe(scheme(encrypted(file)));
        } catch (IllegalArgumentException e) {
            throw notUnderstood(file);
        }
    }

    static PrivateKey read(Path file, char[] passphrase) throws PkiProblem {
        PKCS8EncryptedPrivateKeyInfo encrypted = encrypted(file);
        try {
            return KeyKind.read(encrypted.decryptPrivateKeyInfo(decryptor(encrypted, passphrase)));
        } catch (PKCSException e) {
            throw new PkiProblem(
                    PkiProblem.Kind.PASSPHRASE,
                    file + ": the passphrase does not open it. Give the authority's own with --passphrase-file FILE,"
                            + " or in " + StoredPassphrase.ENVIRONMENT);
        } catch (GeneralSecurityException | OperatorCreationException | IllegalArgumentException e) {
            throw notUnderstood(file);
        }
    }

    private static PKCS8EncryptedPrivateKeyInfo encrypted(Path file) throws PkiProblem {
        return parse(file)
                .orElseThrow(() -> new PkiProblem(
                        PkiProblem.Kind.CORRUPT,
                        file + ": not an encrypted private key (PKCS#8). Restore it from a backup"));
    }

    /** Empty if it holds something else, such as a key that is not encrypted. */
    private static Optional<PKCS8EncryptedPrivateKeyInfo> parse(Path file) throws PkiProblem {
        String text = new String(Pem.bytes(file), StandardCharsets.ISO_8859_1);
        try (PEMParser parser = new PEMParser(new StringReader(text))) {
            return parser.readObject() instanceof PKCS8EncryptedPrivateKeyInfo encrypted
                    ? Optional.of(encrypted)
                    : Optional.empty();
        } catch (IOException | RuntimeException e) { // the library's for base 64 or DER that is none
            throw new PkiProblem(
                    PkiProblem.Kind.CORRUPT,
                    file + ": the private key in it is cut short or damaged. Restore it from a backup");
        }
    }

    private static PkiProblem notUnderstood(Path file) {
        return new PkiProblem(
                PkiProblem.Kind.CORRUPT,
                file
                        + ": a private key that is damaged, or encrypted in a way that is not understood. Restore it from a"
                        + " backup");
    }

    private static PBES2Parameters scheme(PKCS8EncryptedPrivateKeyInfo encrypted) {
        return PBES2Parameters.getInstance(
                encrypted.toASN1Structure().getEncryptionAlgorithm().getParameters());
    }

    /** BoringSSL derives a key in half the time, for what this writes by default; the library in Java knows all that others write. */
    private static InputDecryptorProvider decryptor(PKCS8EncryptedPrivateKeyInfo encrypted, char[] passphrase)
            throws OperatorCreationException {
        Provider boringSsl = BoringSsl.PROVIDER;
        if (boringSsl == null
                || !encrypted
                        .toASN1Structure()
                        .getEncryptionAlgorithm()
                        .getAlgorithm()
                        .equals(PKCSObjectIdentifiers.id_PBES2)) {
            return inJava(passphrase);
        }
        PBES2Parameters scheme = scheme(encrypted);
        if (!scheme.getKeyDerivationFunc().getAlgorithm().equals(MiscObjectIdentifiers.id_scrypt)
                || !scheme.getEncryptionScheme().getAlgorithm().equals(NISTObjectIdentifiers.id_aes256_CBC)) {
            return inJava(passphrase);
        }
        Cipher cipher = cipher(boringSsl, scheme, passphrase);
        return algorithm -> new Decryptor(algorithm, cipher);
    }

    private static InputDecryptorProvider inJava(char[] passphrase) throws OperatorCreationException {
        return new JceOpenSSLPKCS8DecryptorProviderBuilder()
                .setProvider(BouncyCastle.PROVIDER)
                .build(passphrase);
    }

    private static Cipher cipher(Provider boringSsl, PBES2Parameters scheme, char[] passphrase)
            throws OperatorCreationException {
        ScryptParams scrypt =
                ScryptParams.getInstance(scheme.getKeyDerivationFunc().getParameters());
        try {
            SecretKey derived = SecretKeyFactory.getInstance("SCRYPT", boringSsl)
                    .generateSecret(new ScryptKeySpec(
                            passphrase,
                            scrypt.getSalt(),
                            scrypt.getCostParameter().intValueExact(),
                            scrypt.getBlockSize().intValueExact(),
                            scrypt.getParallelizationParameter().intValueExact(),
                            AES_BITS));
            Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding", boringSsl);
            byte[] vector = ASN1OctetString.getInstance(
                            scheme.getEncryptionScheme().getParameters())
                    .getOctets();
            cipher.init(
                    Cipher.DECRYPT_MODE, new SecretKeySpec(derived.getEncoded(), "AES"), new IvParameterSpec(vector));
            return cipher;
        } catch (GeneralSecurityException | ArithmeticException e) {
            throw new OperatorCreationException("scrypt: " + e.getMessage(), e);
        }
    }

    private record Decryptor(AlgorithmIdentifier algorithm, Cipher cipher) implements InputDecryptor {
        @Override
        public AlgorithmIdentifier getAlgorithmIdentifier() {
            return algorithm;
        }

        @Override
        public InputStream getInputStream(InputStream in) {
            return new CipherInputStream(in, cipher);
        }
    }
}
