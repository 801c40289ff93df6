package io.gatehouse.pki;

import io.gatehouse.pki.Inventory.Item;
import io.gatehouse.pki.Inventory.State;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One certificate of a {@link Roll}, read where it lies. Its reader's only, and only until the next one: it is used again.
 *
 * <p>As bytes: the length of all (2), flags (1), profile (1), the lengths of number (1), id (2) and group (2), when it was
 * issued (8, 4) and ends (8, 4); where it is revoked, since when (8, 4) and why (1); where it is retired, since when
 * (8, 4); then number, id and group themselves.
 */
public final class RollRow {
    static final int MAX_BYTES = 65_535;

    private static final char[] HEX = "0123456789abcdef".toCharArray();
    private static final Profile[] PROFILES = Profile.values();
    private static final RevocationReason[] REASONS = RevocationReason.values();

    private static final int PENDING = 1;
    private static final int SUPERSEDED = 2;
    private static final int LATEST = 4;
    private static final int REVOKED = 8;
    private static final int RETIRED = 16;
    private static final int FIXED = 33;
    private static final int REVOCATION = 13;
    private static final int RETIREMENT = 12;

    private ByteBuffer chunk = ByteBuffer.allocate(0);
    private int at;

    RollRow at(ByteBuffer in, int offset) {
        chunk = in;
        at = offset;
        return this;
    }

    int length() {
        return chunk.getShort(at) & 0xFFFF;
    }

    private int flags() {
        return chunk.get(at + 2);
    }

    private boolean is(int flag) {
        return (flags() & flag) != 0;
    }

    /** Whether it is the one that its holder goes by. */
    boolean isLatest() {
        return is(LATEST);
    }

    public Profile profile() {
        return PROFILES[chunk.get(at + 3)];
    }

    /** As {@link Item#state}. */
    public State state(Instant now) {
        if (is(REVOKED)) {
            return reasonOrNull() == RevocationReason.CERTIFICATE_HOLD ? State.HELD : State.REVOKED;
        }
        long end = chunk.getLong(at + 21);
        if (now.getEpochSecond() > end || now.getEpochSecond() == end && now.getNano() > chunk.getInt(at + 29)) {
            return State.EXPIRED;
        }
        return is(PENDING) ? State.PENDING : is(SUPERSEDED) ? State.SUPERSEDED : State.ACTIVE;
    }

    public Instant issuedAt() {
        return instant(at + 9);
    }

    public Instant notAfter() {
        return instant(at + 21);
    }

    /** Null unless it was revoked or is on hold. */
    public @Nullable Instant revokedAt() {
        return is(REVOKED) ? instant(at + FIXED) : null;
    }

    public @Nullable RevocationReason reason() {
        return reasonOrNull();
    }

    private @Nullable RevocationReason reasonOrNull() {
        return is(REVOKED) ? REASONS[chunk.get(at + FIXED + 12)] : null;
    }

    private Instant instant(int offset) {
        return Instant.ofEpochSecond(chunk.getLong(offset), chunk.getInt(offset + 8));
    }

    private int serialAt() {
        return at + FIXED + (is(REVOKED) ? REVOCATION : 0) + (is(RETIRED) ? RETIREMENT : 0);
    }

    private int serialBytes() {
        return chunk.get(at + 4) & 0xFF;
    }

    private int idBytes() {
        return chunk.getShort(at + 5) & 0xFFFF;
    }

    private int idAt() {
        return serialAt() + serialBytes();
    }

    public String id() {
        return text(idAt(), idBytes());
    }

    /** The group that its holder was put in; empty if in none. */
    public String group() {
        int length = chunk.getShort(at + 7) & 0xFFFF;
        return length == 0 ? "" : text(idAt() + idBytes(), length);
    }

    private String text(int offset, int length) {
        return new String(chunk.array(), offset, length, StandardCharsets.UTF_8);
    }

    public BigInteger serial() {
        return new BigInteger(chunk.array(), serialAt(), serialBytes());
    }

    /** Puts its number in hex somewhere, as there may be a million; says where it ends. */
    public int serial(char[] to, int from) {
        byte[] bytes = chunk.array();
        int put = from;
        int end = serialAt() + serialBytes();
        for (int i = serialAt(); i < end; i++) {
            int octet = bytes[i] & 0xFF;
            if (put > from || octet > 0xF) {
                to[put++] = HEX[octet >> 4];
            }
            if (put > from || octet > 0) {
                to[put++] = HEX[octet & 0xF];
            }
        }
        return put;
    }

    /** Puts its id somewhere; says where it ends. */
    public int id(char[] to, int from) {
        byte[] bytes = chunk.array();
        int begin = idAt();
        int length = idBytes();
        for (int i = 0; i < length; i++) {
            byte octet = bytes[begin + i];
            if (octet < 0) { // not ASCII: none of a client's
                String id = id();
                id.getChars(0, id.length(), to, from);
                return from + id.length();
            }
            to[from + i] = (char) octet;
        }
        return from + length;
    }

    /** What tells numbers apart well enough to look closer. */
    long serialMark() {
        return mark(chunk.array(), serialAt(), serialBytes());
    }

    /** The same of ids. */
    long idMark() {
        return mark(chunk.array(), idAt(), idBytes());
    }

    static long markOf(BigInteger serial) {
        byte[] bytes = serial.toByteArray();
        return mark(bytes, 0, bytes.length);
    }

    static long markOf(String id) {
        byte[] bytes = id.getBytes(StandardCharsets.UTF_8);
        return mark(bytes, 0, bytes.length);
    }

    /** FNV-1a, a byte at a time. */
    private static long mark(byte[] bytes, int from, int length) {
        long mark = 0xcbf29ce484222325L;
        for (int i = from; i < from + length; i++) {
            mark = (mark ^ bytes[i]) * 0x100000001b3L;
        }
        return mark;
    }

    /** All of it but its key, which is not here. */
    public Item item() {
        return new Item(
                serial(),
                id(),
                profile(),
                issuedAt(),
                notAfter(),
                Journal.NOTHING,
                is(PENDING),
                is(SUPERSEDED),
                is(RETIRED) ? instant(at + FIXED + (is(REVOKED) ? REVOCATION : 0)) : null,
                revokedAt(),
                reasonOrNull());
    }

    void copyTo(ByteBuffer out) {
        out.put(chunk.array(), at, length());
    }

    static byte[] bytes(Item item, boolean latest, String group) {
        byte[] serial = item.serial().toByteArray();
        byte[] id = item.id().getBytes(StandardCharsets.UTF_8);
        byte[] groupBytes = group.getBytes(StandardCharsets.UTF_8);
        Instant revokedAt = item.revokedAt();
        RevocationReason reason = item.reason();
        Instant retiredAt = item.retiredAt();
        boolean revoked = revokedAt != null && reason != null;
        int length = FIXED
                + (revoked ? REVOCATION : 0)
                + (retiredAt == null ? 0 : RETIREMENT)
                + serial.length
                + id.length
                + groupBytes.length;
        if (length > MAX_BYTES || serial.length > 255) {
            throw new UnfitEntry("a certificate whose names are too long");
        }
        ByteBuffer row = ByteBuffer.allocate(length);
        row.putShort((short) length);
        row.put((byte) ((item.pending() ? PENDING : 0)
                | (item.superseded() ? SUPERSEDED : 0)
                | (latest ? LATEST : 0)
                | (revoked ? REVOKED : 0)
                | (retiredAt == null ? 0 : RETIRED)));
        row.put((byte) item.profile().ordinal());
        row.put((byte) serial.length);
        row.putShort((short) id.length).putShort((short) groupBytes.length);
        put(row, item.issuedAt());
        put(row, item.notAfter());
        if (revokedAt != null && reason != null) {
            put(row, revokedAt);
            row.put((byte) reason.ordinal());
        }
        if (retiredAt != null) {
            put(row, retiredAt);
        }
        return row.put(serial).put(id).put(groupBytes).array();
    }

    private static void put(ByteBuffer row, Instant at) {
        row.putLong(at.getEpochSecond()).putInt(at.getNano());
    }
}
