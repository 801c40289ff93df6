package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.CipherOutputStream;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.generators.SCrypt;

/**
 * An authority in one encrypted file: its keys, its certificates, its profiles, its journal; not what it handed out.
 * Stateless.
 *
 * <p>The file: the magic, 16 bytes of salt, 12 of nonce, then a tar archive under AES-256-GCM with a key that scrypt makes
 * of the passphrase; so a changed file, or another passphrase, is noticed before anything is written.
 */
public final class Backup {
    private static final byte[] MAGIC = "GATEHOUSE-BACKUP-1\n".getBytes(StandardCharsets.US_ASCII);
    private static final Set<String> PARTS = Set.of("ca", "trust", "crl", "profiles", "journal");
    /** Of GCM, at the end. */
    private static final int TAG_BYTES = 16;

    private static final int SCRYPT_COST = 1 << 17;
    /** An array holds no more, and a backup is made and read in one. */
    private static final long MAX_BYTES = Integer.MAX_VALUE - 64;

    private Backup() {}

    /** Writes a backup; the authority is held by its lock meanwhile. */
    public static void write(Authority authority, Path file, char[] passphrase) throws PkiProblem {
        Path folder = authority.folder().path();
        if (Files.exists(file)) {
            throw new PkiProblem(Kind.INPUT, file + ": exists already; a backup is never overwritten");
        }
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> parts = files.filter(Files::isRegularFile)
                    .filter(one ->
                            PARTS.contains(folder.relativize(one).getName(0).toString()))
                    .sorted()
                    .toList();
            long size = requireRoom(parts);
            byte[] random = new byte[28];
            new SecureRandom().nextBytes(random);
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, passphrase, random);
            ByteArrayOutputStream whole = new ByteArrayOutputStream((int) size);
            whole.writeBytes(MAGIC);
            whole.writeBytes(random);
            try (OutputStream archive =
                    new CipherOutputStream(whole, cipher)) { // encrypted as it is written: once in memory
                for (Path one : parts) {
                    Tar.write(archive, folder.relativize(one).toString(), 0600, Files.readAllBytes(one), Instant.EPOCH);
                }
                Tar.end(archive);
            }
            AtomicFiles.writePrivate(file, whole.toByteArray());
        } catch (IOException | GeneralSecurityException e) {
            throw new PkiProblem(Kind.IO, file + ": the backup cannot be written: " + FileFault.why(e));
        }
    }

    /** Before anything is read, as what cannot be restored is no backup; says how large it is at most. */
    private static long requireRoom(List<Path> parts) throws IOException, PkiProblem {
        long all = 4L * Tar.BLOCK_BYTES;
        for (Path one : parts) {
            long size = Files.size(one);
            all += size + 2L * Tar.BLOCK_BYTES;
            if (size > Tar.MAX_FILE_BYTES || all > MAX_BYTES) {
                throw new PkiProblem(
                        Kind.INPUT,
                        one + ": " + size + " bytes; a backup holds files of " + Tar.MAX_FILE_BYTES + ", and "
                                + MAX_BYTES + " in all. Copy the authority's folder while no command runs");
            }
        }
        return all;
    }

    /** Writes an authority back into a folder that holds none; checks its journal. */
    public static Inventory restore(Path file, Path folder, char[] passphrase) throws PkiProblem {
        if (Authority.exists(folder)) {
            throw new PkiProblem(Kind.INPUT, folder + ": holds an authority already; restore into another folder");
        }
        byte[] bytes = Pem.bytes(file, MAX_BYTES);
        int start = MAGIC.length + 28;
        if (bytes.length < start + TAG_BYTES || !Arrays.equals(MAGIC, Arrays.copyOf(bytes, MAGIC.length))) {
            throw new PkiProblem(
                    Kind.INPUT,
                    file + ": not a backup of an authority, or cut short. Give what gatehouse certs backup wrote");
        }
        try {
            byte[] random = Arrays.copyOfRange(bytes, MAGIC.length, start);
            byte[] archive =
                    cipher(Cipher.DECRYPT_MODE, passphrase, random).doFinal(bytes, start, bytes.length - start);
            unpack(file, archive, folder);
            return Authority.view(folder);
        } catch (AEADBadTagException e) {
            throw new PkiProblem(
                    Kind.PASSPHRASE,
                    file
                            + ": the passphrase does not open it, or it was changed. Give the one it was made with: that of the"
                            + " authority at that time");
        } catch (GeneralSecurityException e) {
            throw new PkiProblem(Kind.CORRUPT, file + ": the backup is damaged. Give another copy of it");
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, folder + ": cannot be restored: " + FileFault.why(e));
        }
    }

    private static void unpack(Path file, byte[] archive, Path folder) throws IOException, PkiProblem {
        ByteArrayInputStream in = new ByteArrayInputStream(archive);
        List<Tar.Member> last = new java.util.ArrayList<>();
        for (Optional<Tar.Member> one = Tar.read(in); one.isPresent(); one = Tar.read(in)) {
            // the server's certificate says that an authority is whole, so it is written when all the rest is
            if (one.get().name().equals("ca/server.crt")) {
                last.add(one.get());
            } else {
                write(file, one.get(), folder);
            }
        }
        for (Tar.Member member : last) {
            write(file, member, folder);
        }
    }

    private static void write(Path file, Tar.Member member, Path folder) throws IOException, PkiProblem {
        Path place = folder.resolve(member.name()).normalize();
        if (!place.startsWith(folder.normalize())) {
            throw new PkiProblem(
                    Kind.INPUT,
                    file
                            + ": the backup names a file outside of the folder, and no command makes such a one. Give another");
        }
        AtomicFiles.makePrivateFolder(folder);
        AtomicFiles.makePrivateFolder(java.util.Objects.requireNonNull(place.getParent()));
        String name = member.name();
        if (name.endsWith(".key") || name.equals("journal")) {
            AtomicFiles.writePrivate(place, member.content());
        } else {
            AtomicFiles.writePublic(place, member.content());
        }
    }

    private static Cipher cipher(int mode, char[] passphrase, byte[] random) throws GeneralSecurityException {
        var encoded = StandardCharsets.UTF_8.encode(CharBuffer.wrap(passphrase));
        byte[] secret = Arrays.copyOf(encoded.array(), encoded.limit());
        byte[] key = SCrypt.generate(secret, Arrays.copyOf(random, 16), SCRYPT_COST, 8, 1, 32);
        Arrays.fill(secret, (byte) 0);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(8 * TAG_BYTES, random, 16, 12));
        return cipher;
    }
}
