package io.gatehouse.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which certificates of a fleet are on their way from the journal into the output: a file beside the output, there while a run
 * is, and after one that was killed. Confined to the writing thread.
 *
 * <p>It is on the disk before the journal has the first of them, and the output is before it names the next: so after a kill
 * and after a loss of power it names all that is journalled and not written.
 */
final class GroupInHand {
    private static final Pattern SERIAL = Pattern.compile("[0-9a-f]{1,40}");

    private final Path file;

    GroupInHand(Path out) {
        this.file = FleetArchive.isOne(out)
                ? out.resolveSibling(out.getFileName() + ".in-hand")
                : out.resolve(".in-hand"); // a leading dot cannot be the beginning of an id
    }

    /** In the place of the group before, which is written. */
    void take(List<FleetOutput.Device> group) throws IOException {
        boolean existed = Files.exists(file);
        StringBuilder text = new StringBuilder(group.size() * 34);
        group.forEach(device -> text.append(device.issued().serial()).append('\n'));
        try (FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING),
                AtomicFiles.attribute("rw-------"))) {
            ByteBuffer buffer = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.US_ASCII));
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        if (!existed) {
            FleetOutput.syncPlaceOf(file);
        }
    }

    /** What a run that was cut off journalled and did not write; nobody has the keys of these. */
    List<Inventory.Item> lost(Inventory inventory, FleetOutput output) throws IOException {
        List<Inventory.Item> lost = new ArrayList<>();
        if (Files.exists(file)) {
            for (String serial : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
                if (SERIAL.matcher(serial).matches()) { // else a line that the kill cut: it was not journalled
                    inventory
                            .bySerial(new BigInteger(serial, 16))
                            .filter(item -> !output.holds(item))
                            .ifPresent(lost::add);
                }
            }
        }
        return lost;
    }

    /** After the last group. */
    void release() throws IOException {
        Files.deleteIfExists(file);
    }
}
