package io.gatehouse.cli;

import io.gatehouse.pki.FileFault;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.Inventory.Item;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which certificates {@code revoke} and {@code release} are about, as they were chosen. */
final class CertsChosen {
    private static final String SERIAL_PREFIX = "serial:";

    @Parameters(paramLabel = "ID", arity = "0..*", description = "Every certificate of these holders.")
    private List<String> ids = List.of();

    @Option(names = "--serial", paramLabel = "HEX", description = "The certificate with this number; repeat for more.")
    private List<String> serials = List.of();

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description =
                    "A list: an id a line, or serial:HEX; # begins a comment. Either all of it is known, or nothing is"
                            + " changed.")
    private @Nullable Path file;

    void require() {
        if (ids.isEmpty() && serials.isEmpty() && file == null) {
            throw Failure.usage("say whose certificate, or --serial HEX, or --file LIST");
        }
    }

    /** All certificates of each holder that was named. */
    Map<String, List<Item>> byHolder(Inventory inventory) {
        Map<String, List<Item>> chosen = new LinkedHashMap<>();
        for (String id : names(false, ids)) {
            List<Item> found = inventory.byId(id);
            if (found.isEmpty()) {
                throw Failure.of(5, "\"" + id + "\" has no certificate here; nothing was changed");
            }
            chosen.put(id, found);
        }
        return chosen;
    }

    /** The certificates whose numbers were given. */
    List<Item> bySerial(Inventory inventory) {
        List<Item> chosen = new ArrayList<>();
        for (String serial : names(true, serials)) {
            chosen.add(inventory
                    .bySerial(number(serial))
                    .orElseThrow(() -> Failure.of(5, "no certificate " + serial + " here; nothing was changed")));
        }
        return chosen;
    }

    /** What was given, and those lines of the list that are numbers, or are not. */
    private List<String> names(boolean numbers, List<String> given) {
        List<String> all = new ArrayList<>(given);
        if (file == null) {
            return all;
        }
        try {
            for (String line : Files.readAllLines(file)) {
                String name = line.replaceFirst("#.*", "").trim();
                if (!name.isEmpty() && name.startsWith(SERIAL_PREFIX) == numbers) {
                    all.add(numbers ? name.substring(SERIAL_PREFIX.length()).trim() : name);
                }
            }
            return all;
        } catch (NoSuchFileException e) {
            throw Failure.of(5, file + ": no such file");
        } catch (IOException e) {
            throw Failure.of(3, file + ": cannot be read: " + FileFault.why(e));
        }
    }

    private static BigInteger number(String hex) {
        String plain = hex.replace(":", "");
        if (!plain.matches("[0-9A-Fa-f]{1,40}")) {
            throw Failure.usage("\"" + hex + "\" is not a serial number in hex");
        }
        return new BigInteger(plain, 16);
    }

    static Map<String, Object> fields(Item item) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", item.id());
        fields.put("profile", item.profile().word());
        fields.put("serial", item.serial().toString(16));
        return fields;
    }

    /** A certificate in a line for people. */
    static String said(Item item) {
        return item.profile().word() + " \"" + item.id() + "\", serial "
                + item.serial().toString(16);
    }
}
