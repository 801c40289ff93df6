package io.gatehouse.transport;

import io.gatehouse.audit.AuditLog;
import io.gatehouse.connection.Porter;
import io.gatehouse.metrics.Metrics;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The {@link Porter} of a door that is not MQTT's, with the memory that MQTT's have. Any thread. */
public final class AdmissionPorter implements Porter {
    private final String door;
    private final Admission admission;
    private final Metrics metrics;
    private final Refusals refusals;

    /** @param door what logs and audit records call it, as they call a listener by its name */
    public AdmissionPorter(String door, Admission admission, Metrics metrics, AuditLog audit) {
        this.door = door;
        this.admission = admission;
        this.metrics = metrics;
        this.refusals = new Refusals(metrics, audit);
    }

    @Override
    public boolean turnsAway(InetSocketAddress peer) {
        boolean shut = admission.isShutOut(peer.getAddress());
        if (shut) {
            metrics.connectionsRefused.increment();
            refusals.tellLimit(door, peer, Admission.Refused.PENALTY.name());
        }
        return shut;
    }

    @Override
    public void helloRefused(InetSocketAddress peer, String code, String detail) {
        refusals.tell(door, peer, code, detail);
        failed(peer);
    }

    @Override
    public void handshakeFailed(InetSocketAddress peer, Throwable cause) {
        refusals.tell(door, peer, cause);
        if (Refusals.isOfClient(cause)) {
            failed(peer);
        }
    }

    @Override
    public void failed(InetSocketAddress peer) {
        @Nullable Duration shutOut = admission.failed(peer.getAddress());
        if (shutOut != null) {
            refusals.tellShutOut(door, peer, shutOut);
        }
    }

    @Override
    public void proved(InetSocketAddress peer) {
        admission.proved(peer.getAddress());
    }
}
