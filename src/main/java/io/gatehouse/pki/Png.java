package io.gatehouse.pki;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Writes pictures of black and white squares (PNG, RFC 2083). Stateless. */
final class Png {
    private Png() {}

    /**
     * A square picture.
     *
     * @param dark by row and column
     * @param margin white squares around it
     * @param scale pixels a square
     */
    static byte[] of(boolean[][] dark, int margin, int scale) {
        int size = dark.length;
        int width = (size + 2 * margin) * scale;
        byte[] rows = new byte[width * (1 + (width + 7) / 8)];
        int at = 0;
        for (int y = 0; y < width; y++) {
            at++; // no filter
            for (int x = 0; x < width; x += 8, at++) {
                for (int bit = 0; bit < 8; bit++) {
                    int column = (x + bit) / scale - margin;
                    int row = y / scale - margin;
                    boolean inside = column >= 0 && column < size && row >= 0 && row < size;
                    if (!inside || !dark[row][column]) {
                        rows[at] |= (byte) (0x80 >>> bit);
                    }
                }
            }
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        png.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
        ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(width).put((byte) 1); // one bit of grey
        chunk(png, "IHDR", header.array());
        chunk(png, "IDAT", deflated(rows));
        chunk(png, "IEND", new byte[0]);
        return png.toByteArray();
    }

    private static byte[] deflated(byte[] bytes) {
        Deflater deflater = new Deflater();
        deflater.setInput(bytes);
        deflater.finish();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] buffer = new byte[4096];
        while (!deflater.finished()) {
            out.write(buffer, 0, deflater.deflate(buffer));
        }
        deflater.end();
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream png, String type, byte[] content) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 sum = new CRC32();
        sum.update(name);
        sum.update(content);
        png.writeBytes(ByteBuffer.allocate(4).putInt(content.length).array());
        png.writeBytes(name);
        png.writeBytes(content);
        png.writeBytes(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
    }
}
