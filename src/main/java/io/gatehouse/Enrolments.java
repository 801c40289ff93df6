package io.gatehouse;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.audit.AuditLog;
import io.gatehouse.config.Configuration;
import io.gatehouse.config.Configuration.Embedded;
import io.gatehouse.config.Configuration.EnrolmentTerms;
import io.gatehouse.config.Configuration.Separate;
import io.gatehouse.connection.Porter;
import io.gatehouse.connection.Renewals;
import io.gatehouse.enrolment.DeskRenewals;
import io.gatehouse.enrolment.EnrolmentDesk;
import io.gatehouse.enrolment.EstListener;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.pki.ApprovalRules;
import io.gatehouse.pki.Enrolment;
import io.gatehouse.pki.EnrolmentRules;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.Manufacturers;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.Registrar;
import io.gatehouse.pki.RemoteRegistrar;
import io.gatehouse.pki.StoredPassphrase;
import io.gatehouse.pki.TornTail;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.routing.Router;
import io.gatehouse.tls.EnrolmentTls;
import io.gatehouse.tls.UnusableTls;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Enrolment, made from the configuration: a part of the composition. Any thread after it is made. */
final class Enrolments implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Enrolments.class);

    private final Configuration.Enrolment settings;
    private final AuditLog audit;
    private final Metrics metrics;
    private final Registrar registrar;
    private final EnrolmentDesk desk;
    private final EnrolmentTls tls;
    private final EstListener listener;
    private final Renewals renewals;

    private Enrolments(
            Configuration.Enrolment settings,
            Registrar registrar,
            Authorizer authorizer,
            Router router,
            Porter porter,
            AuditLog audit,
            Metrics metrics,
            Clock clock)
            throws UnusableTls {
        this.settings = settings;
        this.audit = audit;
        this.metrics = metrics;
        this.registrar = registrar;
        this.tls = EnrolmentTls.load(settings.certificate(), settings.key(), settings.provider(), clock);
        this.desk = new EnrolmentDesk(registrar, audit, metrics);
        this.listener = new EstListener(tls, desk, porter);
        this.renewals = new DeskRenewals(desk, authorizer, router::route, clock);
    }

    /** Opens the authority. */
    static Enrolments open(
            Configuration.Enrolment settings,
            Authorizer authorizer,
            Router router,
            Porter porter,
            AuditLog audit,
            Metrics metrics,
            Clock clock)
            throws CannotStart, UnusableTls {
        Registrar registrar = settings.signing() instanceof Separate separate
                ? new RemoteRegistrar(separate.socket())
                : embedded((Embedded) settings.signing(), clock);
        try {
            return new Enrolments(settings, registrar, authorizer, router, porter, audit, metrics, clock);
        } catch (UnusableTls e) {
            registrar.close();
            throw e;
        }
    }

    /** Binds the port. */
    void start() throws IOException {
        listener.start(settings.bind(), settings.port());
        if (settings.signing() instanceof Embedded embedded) {
            LOG.warn(
                    "enrolment is embedded: the key of the device authority in {} is in this process, which talks to"
                            + " networks",
                    embedded.folder());
            audit.record(new AuditEvent.Broker(
                    "enrolment_embedded", Map.of("authority", embedded.folder().toString())));
        }
        listener.greetRegistrar();
        tend();
    }

    private static Enrolment embedded(Embedded settings, Clock clock) throws CannotStart {
        char[] passphrase = {};
        try {
            passphrase = passphrase(settings);
            Optional<Manufacturers> manufacturers = settings.manufacturers().isEmpty()
                    ? Optional.empty()
                    : Optional.of(Manufacturers.read(
                            settings.manufacturers().get().authorities(),
                            settings.manufacturers().get().devices()));
            return Enrolment.open(settings.folder(), passphrase, rules(settings.terms()), manufacturers, clock);
        } catch (PkiProblem e) {
            throw new CannotStart(List.of("enrolment: " + e.getMessage()));
        } finally {
            Arrays.fill(passphrase, '\0');
        }
    }

    private static char[] passphrase(Embedded settings) throws PkiProblem, CannotStart {
        if (settings.passphraseFile().isPresent()) {
            return StoredPassphrase.read(settings.passphraseFile().get());
        }
        return StoredPassphrase.unattended(settings.folder())
                .orElseThrow(() -> new CannotStart(List.of("enrolment: nobody is here to type the passphrase of "
                        + settings.folder() + ". Write passphrase_file, or set " + StoredPassphrase.ENVIRONMENT)));
    }

    private static EnrolmentRules rules(EnrolmentTerms terms) {
        return new EnrolmentRules(
                terms.validity(),
                terms.overlap(),
                terms.unusedFor(),
                terms.renewAfterExpiry(),
                terms.sameKey(),
                terms.perMinute(),
                terms.perDay(),
                new ApprovalRules(
                        ApprovalRules.Whom.valueOf(terms.approval().of().name()),
                        terms.approval().maxWaiting(),
                        terms.approval().perAddress(),
                        terms.approval().waitFor()));
    }

    /** What the gate is told of it. */
    Renewals renewals() {
        return renewals;
    }

    int port() {
        return listener.port();
    }

    /** What is watched for changes. */
    List<Path> files() {
        return List.of(settings.certificate(), settings.key());
    }

    void reload() throws UnusableTls {
        tls.reload();
    }

    /** Revokes, off the caller's thread, what has had its day. */
    void tend() {
        desk.catchUp();
        if (!desk.tend(desk::look)) {
            LOG.warn("too many devices wait for certificates; how enrolment stands is looked at later");
        }
        if (!(registrar instanceof Enrolment authority)) {
            return; // a signer of its own tends by itself
        }
        boolean taken = desk.tend(() -> {
            authority.takeAside().ifPresent(torn -> LOG.warn("enrolment: {}", TornTail.setAside(torn)));
            try {
                for (Inventory.Item item : authority.sweep()) {
                    String serial = item.serial().toString(16);
                    LOG.info("the certificate {} of \"{}\" has had its day and is revoked", serial, item.id());
                    metrics.enrolments.increment("retired");
                    audit.record(new AuditEvent.Enrolment(
                            "",
                            "",
                            "retire",
                            item.id(),
                            "revoked",
                            serial,
                            item.pending() ? "never used" : "a later one is in use"));
                }
            } catch (PkiProblem e) {
                LOG.error("certificates that had their day are not revoked yet: {}", e.getMessage());
            }
        });
        if (!taken) {
            LOG.warn("too many devices wait for certificates; those that had their day are revoked later");
        }
    }

    @Override
    public void close() {
        listener.close();
        desk.close();
    }
}
