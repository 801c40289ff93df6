package io.gatehouse;

import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.Listener;
import io.gatehouse.config.Configuration.Tls;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.session.SessionRegistry;
import io.gatehouse.tls.Acceptance;
import io.gatehouse.tls.CertificateRefused;
import io.gatehouse.tls.TlsContext;
import io.gatehouse.tls.UnusableTls;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The TLS of the listeners, and whom they trust, made from the configuration: a part of the composition. Any thread. */
final class Trust {
    private final Configuration configuration;
    private final Map<String, TlsContext> contexts = new LinkedHashMap<>();

    private Trust(Configuration configuration) {
        this.configuration = configuration;
    }

    static Trust load(Configuration configuration, Clock clock) throws UnusableTls {
        Trust trust = new Trust(configuration);
        for (Listener listener : configuration.listeners()) {
            if (listener.tls().isPresent()) {
                trust.contexts.put(
                        listener.name(), TlsContext.load(listener.tls().get(), clock));
            }
        }
        return trust;
    }

    /** Empty only for a listener that acknowledges plaintext. */
    Optional<TlsContext> of(Listener listener) {
        return Optional.ofNullable(contexts.get(listener.name()));
    }

    /** Without TLS there are no certificates to accept. */
    Acceptance acceptance(Listener listener) {
        TlsContext context = contexts.get(listener.name());
        return context == null ? chain -> Instant.MAX : context;
    }

    /** What is looked at for changes. */
    List<Path> files() {
        List<Path> files = new ArrayList<>();
        for (Listener listener : configuration.listeners()) {
            if (listener.tls().isPresent()) {
                Tls settings = listener.tls().get();
                files.add(settings.certificate());
                files.add(settings.key());
                settings.clientCa().ifPresent(files::add);
                files.addAll(settings.crls());
            }
        }
        return files;
    }

    /** Loads every file again. */
    void reload() throws UnusableTls {
        for (TlsContext context : contexts.values()) {
            context.reload();
        }
    }

    /** Ends the connections whose certificate is no longer accepted; says how many. */
    int sweep(SessionRegistry registry) {
        int[] ended = new int[1];
        registry.eachConnection(connected -> {
            TlsContext context =
                    contexts.get(connected.rights().principal().subject().listener());
            try {
                if (context != null) {
                    context.requireAccepted(connected.link().peer().chain());
                }
            } catch (CertificateRefused refused) {
                ended[0]++;
                connected
                        .link()
                        .end(ReasonCode.NOT_AUTHORIZED, "revoked", refused.code() + ": " + refused.getMessage());
            }
        });
        return ended[0];
    }
}
