package io.gatehouse.tls;

import io.gatehouse.config.Configuration.Tls;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The TLS of one listener: its own context, and others for the names that have a certificate of their own (SNI). Immutable; any
 * thread.
 */
public final class ServerNames {
    /** The alerts of RFC 8446, section 6.2, that are sent before there is an engine. */
    private static final int UNRECOGNIZED_NAME = 112;

    private static final int NO_APPLICATION_PROTOCOL = 120;
    private static final int MAX_SHOWN = 100;

    private final Tls settings;
    private final TlsContext own;
    private final Map<String, TlsContext> others;

    /** @param others by host name, in lower case */
    public ServerNames(Tls settings, TlsContext own, Map<String, TlsContext> others) {
        this.settings = settings;
        this.own = own;
        this.others = Map.copyOf(others);
    }

    /** Which context a client gets, or why none. */
    public sealed interface Choice {
        record Chosen(TlsContext context) implements Choice {}

        /**
         * @param alert the description of a fatal alert
         * @param code stable, for log and audit
         */
        record Refused(int alert, String code, String detail) implements Choice {}
    }

    /**
     * Chooses.
     *
     * <p>A client that offers protocols and not ours is meant for another server: going on would let one be mistaken for the other
     * (RFC 9325, 3.7). One that offers none is let in; most clients of MQTT do not.
     */
    public Choice choose(ClientHello hello) {
        Optional<Choice.Refused> foreign = foreign(hello, settings.protocol());
        if (foreign.isPresent()) {
            return foreign.get();
        }
        TlsContext named = others.get(hello.serverName());
        if (named != null) {
            return new Choice.Chosen(named);
        }
        if (settings.sniStrict() && !hello.serverName().isEmpty() && !own.covers(hello.serverName())) {
            return new Choice.Refused(
                    UNRECOGNIZED_NAME, "SNI", "it wants the server " + printable(List.of(hello.serverName())));
        }
        return new Choice.Chosen(own);
    }

    /** Refuses a client that offers protocols, and not the one that is spoken here. */
    static Optional<Choice.Refused> foreign(ClientHello hello, String protocol) {
        return hello.protocols().isEmpty() || hello.protocols().contains(protocol)
                ? Optional.empty()
                : Optional.of(new Choice.Refused(
                        NO_APPLICATION_PROTOCOL,
                        "ALPN",
                        "it speaks " + printable(hello.protocols()) + ", and this listener " + protocol));
    }

    /** The listener's own. */
    public TlsContext own() {
        return own;
    }

    /** All of them. */
    public Collection<TlsContext> all() {
        return Stream.concat(Stream.of(own), others.values().stream()).toList();
    }

    private static String printable(List<String> texts) {
        String all = String.join(", ", texts);
        return "\"" + (all.length() > MAX_SHOWN ? all.substring(0, MAX_SHOWN) + "…" : all).replaceAll("[^ -~]", "?")
                + "\"";
    }
}
