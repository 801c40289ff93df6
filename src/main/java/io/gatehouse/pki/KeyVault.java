package io.gatehouse.pki;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Provider;
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
        try (PEMParser parser = new PEMParser(new StringReader(Files.readString(file)))) {
            if (!(parser.readObject() instanceof PKCS8EncryptedPrivateKeyInfo encrypted)) {
                return "not encrypted";
            }
            PBES2Parameters scheme = scheme(encrypted);
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
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, file + ": cannot be read: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            return "encrypted in a way that is not understood";
        }
    }

    static PrivateKey read(Path file, char[] passphrase) throws PkiProblem {
        try (PEMParser parser = new PEMParser(new StringReader(Files.readString(file)))) {
            Object parsed = parser.readObject();
            if (!(parsed instanceof PKCS8EncryptedPrivateKeyInfo encrypted)) {
                throw new PkiProblem(PkiProblem.Kind.CORRUPT, file + ": not an encrypted private key");
            }
            return KeyKind.read(encrypted.decryptPrivateKeyInfo(decryptor(encrypted, passphrase)));
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, file + ": cannot be read: " + e.getMessage());
        } catch (PKCSException e) {
            throw new PkiProblem(
                    PkiProblem.Kind.PASSPHRASE,
                    file + ": the passphrase does not open it. Give the authority's own with --passphrase-file FILE,"
                            + " or in " + StoredPassphrase.ENVIRONMENT);
        } catch (GeneralSecurityException | OperatorCreationException | IllegalArgumentException e) {
            throw new PkiProblem(PkiProblem.Kind.CORRUPT, file + ": encrypted in a way that is not understood");
        }
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
