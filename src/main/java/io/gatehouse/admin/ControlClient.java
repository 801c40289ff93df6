package io.gatehouse.admin;

import io.gatehouse.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Asks a running broker through the socket in its data folder; see {@link ControlServer}. Blocks; any thread. */
public final class ControlClient {
    private ControlClient() {}

    /**
     * Asks for one command and waits for the answer.
     *
     * @throws ControlCommand.Refused if the broker does not do it, with the broker's words
     * @throws IOException if no broker answers there
     */
    public static Map<String, @Nullable Object> ask(Path dataFolder, String command, Map<String, String> arguments)
            throws IOException, ControlCommand.Refused {
        Path path = dataFolder.resolve(ControlServer.FILE);
        if (!Files.exists(path)) {
            throw new IOException("no broker runs on " + dataFolder + " (there is no " + path + ")");
        }
        Map<String, @Nullable Object> request = new LinkedHashMap<>();
        request.put("command", command);
        request.put("arguments", arguments);
        String answer;
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            for (ByteBuffer out = ByteBuffer.wrap((Json.line(request) + "\n").getBytes(StandardCharsets.UTF_8));
                    out.hasRemaining(); ) {
                channel.write(out);
            }
            ByteArrayOutputStream read = new ByteArrayOutputStream();
            ByteBuffer in = ByteBuffer.allocate(64 << 10);
            while (channel.read(in) >= 0) {
                in.flip();
                read.write(in.array(), 0, in.limit());
                in.clear();
            }
            answer = read.toString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IOException("no broker answers on " + path + ": " + e.getMessage(), e);
        }
        try {
            Map<String, Object> said = Json.object(answer);
            if (Boolean.TRUE.equals(said.get("ok")) && said.get("result") instanceof Map<?, ?> result) {
                Map<String, @Nullable Object> values = new LinkedHashMap<>();
                result.forEach((key, value) -> values.put(String.valueOf(key), value));
                return values;
            }
            throw new ControlCommand.Refused(String.valueOf(said.get("error")));
        } catch (Json.NotJson e) {
            throw new IOException("what answers on " + path + " is busy, or no broker");
        }
    }
}
