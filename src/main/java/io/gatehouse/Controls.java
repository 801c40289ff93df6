package io.gatehouse;

import io.gatehouse.admin.ControlCommand;
import io.gatehouse.admin.ControlServer;
import io.gatehouse.admin.Figures;
import io.gatehouse.authn.AuthMethod;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.session.SessionRegistry;
import io.gatehouse.store.RocksStore;
import io.gatehouse.store.Store;
import io.gatehouse.store.UnusableStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a running broker answers through its control socket. Any thread. */
final class Controls {
    /** As many clients as one answer lists: the rest is counted, and a filter finds it. */
    private static final int MAX_LISTED = 1000;

    private final Broker broker;
    private final BrokerFigures figures;
    private final SessionRegistry registry;

    private Controls(Broker broker, BrokerFigures figures, SessionRegistry registry) {
        this.broker = broker;
        this.figures = figures;
        this.registry = registry;
    }

    static void register(ControlServer server, Broker broker, BrokerFigures figures, SessionRegistry registry) {
        Controls controls = new Controls(broker, figures, registry);
        server.command("status", arguments -> controls.status())
                .command("reload", controls::reload)
                .command("clients", controls::clients)
                .command("disconnect", controls::disconnect)
                .command("metrics", arguments -> Map.of("text", broker.metricsText()));
    }

    /** Copies the store beside the broker's work, where there is one. */
    static Map<String, @Nullable Object> backup(Store store, Map<String, String> arguments)
            throws ControlCommand.Refused {
        if (!(store instanceof RocksStore durable)) {
            throw new ControlCommand.Refused("this broker keeps nothing: storage is memory");
        }
        Path folder = Path.of(arguments.getOrDefault("folder", ""));
        if (!folder.isAbsolute() || Files.exists(folder)) {
            throw new ControlCommand.Refused("\"" + folder + "\" has to be the path of a folder that is not there yet");
        }
        try {
            durable.backup(folder);
            return Map.of("folder", folder.toString());
        } catch (UnusableStore e) {
            throw new ControlCommand.Refused(String.valueOf(e.getMessage()));
        }
    }

    private Map<String, @Nullable Object> status() {
        Figures now = figures.now();
        Map<String, @Nullable Object> status = new LinkedHashMap<>();
        status.put("version", BrokerFigures.version());
        status.put("pid", ProcessHandle.current().pid());
        status.put("uptime_seconds", now.uptimeSeconds());
        status.put("ports", broker.ports());
        PolicyReload.Standing standing = broker.policyStanding();
        status.put("policy", broker.policySummary());
        status.put("policy_in_force", standing.identity());
        status.put("policy_stale", standing.stale());
        status.put("clients_connected", now.clientsConnected());
        status.put("sessions", registry.size());
        status.put("subscriptions", now.subscriptions() + now.sharedSubscriptions());
        status.put("retained_messages", now.retainedMessages());
        status.put("queued_bytes", registry.queuedBytesTotal());
        status.put("publish_received", now.publishReceived());
        status.put("publish_sent", now.publishSent());
        status.put("publish_dropped", now.publishDropped());
        return status;
    }

    private Map<String, @Nullable Object> reload(Map<String, String> arguments) throws ControlCommand.Refused {
        boolean allowRollback = Boolean.parseBoolean(arguments.getOrDefault("allow_rollback", "false"));
        Map<String, String> refused = broker.reload(allowRollback);
        if (!refused.isEmpty()) {
            throw new ControlCommand.Refused(refused.entrySet().stream()
                    .map(part -> part.getKey() + " not loaded, the last good state stays in force: " + part.getValue())
                    .collect(Collectors.joining("\n")));
        }
        return Map.of("policy", broker.policySummary());
    }

    private Map<String, @Nullable Object> clients(Map<String, String> arguments) {
        String wanted = arguments.getOrDefault("client", "");
        List<Map<String, Object>> listed = new ArrayList<>();
        int[] found = new int[1];
        registry.eachConnection(connected -> {
            String id = connected.session().clientId().text();
            if (!wanted.isEmpty() && !id.equals(wanted)) {
                return;
            }
            if (found[0]++ < MAX_LISTED) {
                listed.add(describe(connected));
            }
        });
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("connected", found[0]);
        answer.put("clients", listed);
        return answer;
    }

    private static Map<String, Object> describe(SessionRegistry.Connected connected) {
        Map<String, Object> client = new LinkedHashMap<>();
        client.put("client", connected.session().clientId().text());
        client.put("user", connected.rights().principal().user());
        client.put(
                "login",
                connected.rights().principal().subject().methods().stream()
                        .map(AuthMethod::word)
                        .sorted()
                        .collect(Collectors.joining("+")));
        client.put("listener", connected.rights().principal().subject().listener());
        client.put("address", connected.link().peer().address().getAddress().getHostAddress());
        client.put("roles", connected.rights().roles());
        client.put("subscriptions", connected.session().subscriptionCount());
        client.put("queued", connected.session().queued());
        return client;
    }

    private Map<String, @Nullable Object> disconnect(Map<String, String> arguments) throws ControlCommand.Refused {
        String wanted = arguments.getOrDefault("client", "");
        int[] ended = new int[1];
        registry.eachConnection(connected -> {
            if (connected.session().clientId().text().equals(wanted)) {
                ended[0]++;
                connected.link().end(ReasonCode.ADMINISTRATIVE_ACTION, "operator", "an operator ended the connection");
            }
        });
        if (ended[0] == 0) {
            throw new ControlCommand.Refused("no client \"" + wanted + "\" is connected");
        }
        return Map.of("disconnected", ended[0]);
    }
}
