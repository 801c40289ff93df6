package io.gatehouse.pki;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Text as a QR code (ISO/IEC 18004): bytes, error correction M (a seventh of it may be lost), versions 1 to 15, which hold
 * up to 412 bytes. Confined to the thread that makes it; immutable afterwards.
 */
final class QrCode {
    private static final int MAX_VERSION = 15;

    /** Error correction M, for each version: codewords of correction in a block, and blocks (table 9 of the standard). */
    private static final int[] CORRECTION = {0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24};

    private static final int[] BLOCKS = {0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10};

    /** Of the bits that say the error correction and the mask: M is 00. */
    private static final int FORMAT_MASK = 0x5412;

    private static final int QUIET_MODULES = 4;

    private final int version;
    private final int size;
    private final boolean[][] dark;
    /** Finders, timing, alignment, format and version: not data, so no mask touches them. */
    private final boolean[][] fixed;

    private QrCode(int version) {
        this.version = version;
        this.size = 17 + 4 * version;
        this.dark = new boolean[size][size];
        this.fixed = new boolean[size][size];
    }

    /** @throws IllegalArgumentException if it is too long */
    static QrCode of(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int version = 1;
        while (version <= MAX_VERSION && capacity(version) < bytes.length) {
            version++;
        }
        if (version > MAX_VERSION) {
            throw new IllegalArgumentException(bytes.length + " bytes; a code here holds " + capacity(MAX_VERSION));
        }
        QrCode code = new QrCode(version);
        code.patterns();
        code.place(code.codewords(bytes));
        code.mask();
        return code;
    }

    private static int capacity(int version) {
        return dataCodewords(version) - (version < 10 ? 2 : 3); // mode and length before the bytes
    }

    private static int alignments(int version) {
        return version == 1 ? 0 : version / 7 + 2;
    }

    /** Modules that are left when all patterns are there, in bytes. */
    private static int allCodewords(int version) {
        int modules = (16 * version + 128) * version + 64;
        if (version >= 2) {
            int count = alignments(version);
            modules -= (25 * count - 10) * count - 55;
        }
        return (version >= 7 ? modules - 36 : modules) / 8;
    }

    private static int dataCodewords(int version) {
        return allCodewords(version) - CORRECTION[version] * BLOCKS[version];
    }

    // ---- what never changes

    private void patterns() {
        for (int i = 0; i < size; i++) {
            fix(i, 6, i % 2 == 0);
            fix(6, i, i % 2 == 0);
        }
        finder(3, 3);
        finder(size - 4, 3);
        finder(3, size - 4);
        int count = alignments(version);
        int step = count == 0 ? 0 : (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2;
        int[] centres = new int[count];
        for (int i = count - 1, at = size - 7; i >= 0; i--, at -= step) {
            centres[i] = i == 0 ? 6 : at;
        }
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < count; j++) {
                boolean onFinder = i == 0 && j == 0 || i == 0 && j == count - 1 || i == count - 1 && j == 0;
                if (!onFinder) {
                    alignment(centres[i], centres[j]);
                }
            }
        }
        format(0); // reserves its place; the mask's own comes last
        version();
    }

    private void fix(int x, int y, boolean value) {
        dark[y][x] = value;
        fixed[y][x] = true;
    }

    private void finder(int x, int y) {
        for (int dy = -4; dy <= 4; dy++) {
            for (int dx = -4; dx <= 4; dx++) {
                int ring = Math.max(Math.abs(dx), Math.abs(dy));
                if (x + dx >= 0 && x + dx < size && y + dy >= 0 && y + dy < size) {
                    fix(x + dx, y + dy, ring != 2 && ring != 4);
                }
            }
        }
    }

    private void alignment(int x, int y) {
        for (int dy = -2; dy <= 2; dy++) {
            for (int dx = -2; dx <= 2; dx++) {
                fix(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) != 1);
            }
        }
    }

    private void format(int mask) {
        int rest = mask;
        for (int i = 0; i < 10; i++) {
            rest = rest << 1 ^ (rest >>> 9) * 0x537;
        }
        int bits = (mask << 10 | rest) ^ FORMAT_MASK;
        for (int i = 0; i < 15; i++) {
            boolean bit = (bits >>> i & 1) != 0;
            if (i < 6) {
                fix(8, i, bit);
            } else if (i < 8) {
                fix(8, i + 1, bit);
            } else {
                fix(i == 8 ? 7 : 14 - i, 8, bit);
            }
            if (i < 8) {
                fix(size - 1 - i, 8, bit);
            } else {
                fix(8, size - 15 + i, bit);
            }
        }
        fix(8, size - 8, true);
    }

    private void version() {
        if (version < 7) {
            return;
        }
        int rest = version;
        for (int i = 0; i < 12; i++) {
            rest = rest << 1 ^ (rest >>> 11) * 0x1F25;
        }
        int bits = version << 12 | rest;
        for (int i = 0; i < 18; i++) {
            boolean bit = (bits >>> i & 1) != 0;
            fix(size - 11 + i % 3, i / 3, bit);
            fix(i / 3, size - 11 + i % 3, bit);
        }
    }

    // ---- data

    private byte[] codewords(byte[] bytes) {
        byte[] data = new byte[dataCodewords(version)];
        int at = append(data, 0, 4, 4); // bytes follow
        at = append(data, at, bytes.length, version < 10 ? 8 : 16);
        for (byte one : bytes) {
            at = append(data, at, one & 0xFF, 8);
        }
        at += Math.min(4, data.length * 8 - at); // the end
        int pad = 0xEC;
        for (int i = (at + 7) / 8; i < data.length; i++) {
            data[i] = (byte) pad;
            pad ^= 0xEC ^ 0x11;
        }
        return interleaved(data);
    }

    private static int append(byte[] to, int at, int value, int bits) {
        for (int i = bits - 1; i >= 0; i--, at++) {
            to[at >>> 3] |= (byte) ((value >>> i & 1) << (7 - (at & 7)));
        }
        return at;
    }

    /** Blocks with their correction, a codeword of each in turn. */
    private byte[] interleaved(byte[] data) {
        int blocks = BLOCKS[version];
        int correction = CORRECTION[version];
        int all = allCodewords(version);
        int shorter = blocks - all % blocks;
        int shortData = all / blocks - correction;
        byte[] divisor = ReedSolomon.divisor(correction);
        byte[] result = new byte[all];
        for (int block = 0, from = 0; block < blocks; block++) {
            int length = shortData + (block < shorter ? 0 : 1);
            byte[] part = Arrays.copyOfRange(data, from, from + length);
            byte[] extra = ReedSolomon.remainder(part, divisor);
            from += length;
            for (int i = 0; i < length; i++) {
                int before = i < shortData ? i * blocks + block : shortData * blocks + block - shorter;
                result[before] = part[i];
            }
            for (int i = 0; i < correction; i++) {
                result[data.length + i * blocks + block] = extra[i];
            }
        }
        return result;
    }

    /** Two columns at a time from the right, up and down in turn, around what is fixed. */
    private void place(byte[] codewords) {
        int bit = 0;
        boolean upwards = true;
        for (int right = size - 1; right >= 1; right -= 2) {
            if (right == 6) {
                right = 5; // the timing pattern's column
            }
            for (int step = 0; step < size; step++) {
                int y = upwards ? size - 1 - step : step;
                for (int x = right; x > right - 2; x--) {
                    if (!fixed[y][x] && bit < codewords.length * 8) {
                        dark[y][x] = (codewords[bit >>> 3] >>> (7 - (bit & 7)) & 1) != 0;
                        bit++;
                    }
                }
            }
            upwards = !upwards;
        }
    }

    // ---- the mask that a camera reads best

    private void mask() {
        int best = 0;
        int least = Integer.MAX_VALUE;
        for (int mask = 0; mask < 8; mask++) {
            flip(mask);
            format(mask);
            int penalty = penalty();
            if (penalty < least) {
                least = penalty;
                best = mask;
            }
            flip(mask); // once more is as before
        }
        flip(best);
        format(best);
    }

    private void flip(int mask) {
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                dark[y][x] ^= !fixed[y][x] && isMasked(mask, x, y);
            }
        }
    }

    private static boolean isMasked(int mask, int x, int y) {
        return switch (mask) {
            case 0 -> (x + y) % 2 == 0;
            case 1 -> y % 2 == 0;
            case 2 -> x % 3 == 0;
            case 3 -> (x + y) % 3 == 0;
            case 4 -> (x / 3 + y / 2) % 2 == 0;
            case 5 -> x * y % 2 + x * y % 3 == 0;
            case 6 -> (x * y % 2 + x * y % 3) % 2 == 0;
            default -> ((x + y) % 2 + x * y % 3) % 2 == 0;
        };
    }

    private int penalty() {
        int sum = 0;
        int darkModules = 0;
        for (int a = 0; a < size; a++) {
            sum += linePenalty(a, true) + linePenalty(a, false);
            for (int b = 0; b < size; b++) {
                darkModules += dark[a][b] ? 1 : 0;
                if (a > 0
                        && b > 0
                        && dark[a][b] == dark[a - 1][b]
                        && dark[a][b] == dark[a][b - 1]
                        && dark[a][b] == dark[a - 1][b - 1]) {
                    sum += 3; // a square of one colour
                }
            }
        }
        return sum + 10 * (Math.abs(20 * darkModules - 10 * size * size) / (size * size));
    }

    /** Runs of one colour, and what looks like a finder. */
    private int linePenalty(int line, boolean row) {
        int sum = 0;
        int run = 0;
        int seen = 0;
        for (int i = 0; i < size; i++) {
            boolean value = row ? dark[line][i] : dark[i][line];
            boolean before = i > 0 && (row ? dark[line][i - 1] : dark[i - 1][line]);
            run = i > 0 && value == before ? run + 1 : 1;
            sum += run == 5 ? 3 : run > 5 ? 1 : 0;
            seen = (seen << 1 | (value ? 1 : 0)) & 0x7FF;
            sum += i >= 10 && (seen == 0x5D0 || seen == 0x05D) ? 40 : 0;
        }
        return sum;
    }

    /**
     * As a picture, with the quiet zone around it.
     *
     * @param scale pixels a module
     */
    byte[] png(int scale) {
        return Png.of(dark, QUIET_MODULES, scale);
    }

    /**
     * As text, two modules a character, with the quiet zone around it. What is light is drawn, in white on black by ANSI
     * colours, so that it is the same on dark and on light terminals.
     */
    String blocks() {
        StringBuilder lines = new StringBuilder();
        for (int y = -QUIET_MODULES; y < size + QUIET_MODULES; y += 2) {
            lines.append("\u001B[40;97m");
            for (int x = -QUIET_MODULES; x < size + QUIET_MODULES; x++) {
                boolean upper = isLight(x, y);
                boolean lower = isLight(x, y + 1);
                lines.append(upper ? lower ? '\u2588' : '\u2580' : lower ? '\u2584' : ' ');
            }
            lines.append("\u001B[0m\n");
        }
        return lines.toString();
    }

    private boolean isLight(int x, int y) {
        return x < 0 || y < 0 || x >= size || y >= size || !dark[y][x];
    }

    /** Reed-Solomon codes over GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1. */
    private static final class ReedSolomon {
        private ReedSolomon() {}

        /** The product of (x - 2^i), without its leading 1. */
        static byte[] divisor(int degree) {
            byte[] result = new byte[degree];
            result[degree - 1] = 1;
            int root = 1;
            for (int i = 0; i < degree; i++) {
                for (int j = 0; j < degree; j++) {
                    result[j] = (byte) (times(result[j], root) ^ (j + 1 < degree ? result[j + 1] : 0));
                }
                root = times(root, 2);
            }
            return result;
        }

        static byte[] remainder(byte[] data, byte[] divisor) {
            byte[] result = new byte[divisor.length];
            for (byte one : data) {
                int factor = (one ^ result[0]) & 0xFF;
                System.arraycopy(result, 1, result, 0, result.length - 1);
                result[result.length - 1] = 0;
                for (int i = 0; i < result.length; i++) {
                    result[i] ^= (byte) times(divisor[i], factor);
                }
            }
            return result;
        }

        private static int times(int a, int b) {
            int product = 0;
            for (int i = 7; i >= 0; i--) {
                product = product << 1 ^ (product >>> 7) * 0x11D;
                product ^= (b >>> i & 1) * (a & 0xFF);
            }
            return product & 0xFF;
        }
    }
}
