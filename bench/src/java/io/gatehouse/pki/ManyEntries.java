package io.gatehouse.pki;

import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Fills the journal of an authority for {@code bench/list.sh}: by the journal's own writer, under the authority's lock, in
 * lines as long as real ones. Each certificate is the first one with another number, id and key hash, as signing a
 * million would take an hour and nobody looks at signatures here. One in ten is a second one of a holder, one in a
 * hundred is revoked.
 */
public final class ManyEntries {
    private static final int AT_ONCE = 1000;

    private ManyEntries() {}

    /** Arguments: the folder, a file with its passphrase, how many, the number of the first. */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        char[] passphrase =
                java.nio.file.Files.readString(Path.of(args[1])).strip().toCharArray();
        int count = Integer.parseInt(args[2]);
        int first = Integer.parseInt(args[3]);
        Clock clock = Clock.systemUTC();
        Issued model;
        try (Authority authority = Authority.open(folder, passphrase, clock)) {
            Permit permit = Profile.DEVICE.permit(
                    Draft.client("device-0000000", Duration.ofDays(397), null)
                            .with(authority.keyPair(Profile.DEVICE).getPublic()),
                    authority.profiles());
            model = authority.sign(permit, authority.issuer(Profile.DEVICE), Optional.empty());
        }
        byte[] der = model.certificate().getEncoded();
        byte[] serial = model.certificate().getSerialNumber().toByteArray();
        int at = find(der, serial);
        Random random = new Random(first);
        AuthorityFolder authority = new AuthorityFolder(folder);
        try (AuthorityLock lock = authority.lock()) {
            Journal journal = Journal.open(authority.journal(), clock, entry -> {});
            List<Journal.Entry> entries = new ArrayList<>();
            for (int i = first; i < first + count; i++) {
                byte[] another = new byte[serial.length];
                random.nextBytes(another);
                another[0] = (byte) (another[0] & 0x3F | 0x40);
                System.arraycopy(another, 0, der, at, another.length);
                int holder = i % 10 == 9 ? i - 1 : i;
                String id = String.format("device-%07d", holder);
                String number = new BigInteger(another).toString(16);
                String end = model.certificate().getNotAfter().toInstant().toString();
                entries.add(new Journal.Entry(
                        clock.instant().toString(),
                        "bench",
                        "issue",
                        "device",
                        id,
                        number,
                        end,
                        Journal.hash(number).substring(0, 32),
                        Base64.getEncoder().encodeToString(der)));
                if (i % 100 == 0) {
                    entries.add(new Journal.Entry(
                            clock.instant().toString(),
                            "bench",
                            "revoke",
                            "device",
                            id,
                            number,
                            end,
                            Journal.NOTHING,
                            RevocationReason.KEY_COMPROMISE.word()));
                }
                if (entries.size() >= AT_ONCE || i == first + count - 1) {
                    journal.append(entries);
                    entries.clear();
                }
            }
        }
    }

    private static int find(byte[] in, byte[] what) {
        for (int i = 0; i + what.length <= in.length; i++) {
            if (Arrays.equals(in, i, i + what.length, what, 0, what.length)) {
                return i;
            }
        }
        throw new IllegalStateException("the certificate has its number in it");
    }
}
