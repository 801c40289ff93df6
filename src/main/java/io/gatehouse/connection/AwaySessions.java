package io.gatehouse.connection;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.authn.CertificateNumber;
import io.gatehouse.authn.Principal;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.session.Remains;
import io.gatehouse.session.SessionRegistry;
import io.gatehouse.session.SessionRegistry.Held;
import io.gatehouse.tls.RevokedOf;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the sessions of clients that are away and whose certificate is revoked, at listeners that leave nothing of such a
 * client. Any thread; one look at a time.
 *
 * <p>Of a client that is away there is no certificate to judge, only what its session remembers of the last login: issuer
 * and number, which is what a list and a journal name, and in the store since its first format.
 */
public final class AwaySessions {
    private static final Logger LOG = LoggerFactory.getLogger(AwaySessions.class);

    /** Sessions that are in the broker's own log by name, a look; the audit log has all of them. */
    private static final int NAMED = 100;

    private final SessionRegistry registry;
    private final AuditLog audit;

    public AwaySessions(SessionRegistry registry, AuditLog audit) {
        this.registry = registry;
        this.audit = audit;
    }

    /**
     * A listener that ends sessions.
     *
     * @param ofRevoked what else is left of a client
     * @param revoked whom its authorities revoked
     */
    public record Door(Remains ofRevoked, List<RevokedOf> revoked) {}

    /** By the names of their authorities: what lists and journals have against a number. */
    private record Judge(Remains ofRevoked, Map<String, List<Function<BigInteger, Optional<String>>>> sources) {
        static Judge of(Door door) {
            Map<String, List<Function<BigInteger, Optional<String>>>> sources = new HashMap<>();
            for (RevokedOf one : door.revoked()) {
                CertificateNumber.nameOf(one.authority())
                        .ifPresent(name -> sources.computeIfAbsent(name, unknown -> new ArrayList<>())
                                .add(one.when()));
            }
            return new Judge(door.ofRevoked(), sources);
        }

        Optional<String> revoked(CertificateNumber certificate) {
            return sources.getOrDefault(certificate.issuer(), List.of()).stream()
                    .flatMap(source -> source.apply(certificate.serial()).stream())
                    .findFirst();
        }
    }

    /**
     * Looks at all of them.
     *
     * @param doors by listener; the sessions of others are left alone
     * @return how many ended
     */
    public synchronized int look(Map<String, Door> doors) {
        Map<String, Judge> judges = new HashMap<>();
        doors.forEach((listener, door) -> judges.put(listener, Judge.of(door)));
        int[] ended = new int[1];
        registry.each(held -> {
            Judge judge = held.link() == null
                    ? judges.get(held.rights().principal().subject().listener())
                    : null;
            if (judge != null && isEnded(held, judge, ended[0] < NAMED)) {
                ended[0]++;
            }
        });
        if (ended[0] > 0) {
            LOG.info("{} sessions of clients that are away ended: their certificates are revoked", ended[0]);
        }
        return ended[0];
    }

    private boolean isEnded(Held held, Judge judge, boolean named) {
        Principal last = held.rights().principal();
        Optional<CertificateNumber> certificate = CertificateNumber.of(last.subject());
        Optional<String> revoked = certificate.flatMap(judge::revoked);
        if (revoked.isEmpty()
                || !registry.endAway(held.session(), last, judge.ofRevoked().will())) {
            return false;
        }
        if (named) {
            LOG.info(
                    "the session \"{}\" of {}, who is away, ended: {}",
                    held.rights().clientId().text(),
                    last,
                    revoked.get());
        }
        audit.record(new AuditEvent.Ended(
                Actors.of(held.rights(), null),
                "revoked",
                ReasonCode.NOT_AUTHORIZED.code(),
                "away: CERT_REVOKED: " + revoked.get()));
        return true;
    }
}
