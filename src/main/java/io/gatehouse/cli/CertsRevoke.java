package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory.Item;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.RevocationReason;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code certs revoke}: no longer accepted, from now on. */
@Command(
        name = "revoke",
        description = "Revoke certificates, and publish the lists that brokers read.",
        mixinStandardHelpOptions = true)
final class CertsRevoke implements Runnable {
    @Mixin
    private CertsChosen chosen = new CertsChosen();

    @Option(
            names = "--reason",
            paramLabel = "REASON",
            defaultValue = "unspecified",
            description = "unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation,"
                    + " privilegeWithdrawn; certificateHold for the time being, until certs release, or until it is"
                    + " revoked for good; default: ${DEFAULT-VALUE}.")
    private String reason = "unspecified";

    @Mixin
    private CertsPublishing publishing = new CertsPublishing();

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        chosen.require();
        RevocationReason why = RevocationReason.find(reason)
                .orElseThrow(() -> Failure.usage("unknown reason \"" + reason + "\"; see --help"));
        boolean hold = why == RevocationReason.CERTIFICATE_HOLD;
        try (CertsReport report = common.report();
                Authority authority = common.unlock()) {
            List<Item> items = new ArrayList<>();
            chosen.byHolder(authority.inventory()).values().forEach(items::addAll);
            items.addAll(chosen.bySerial(authority.inventory()));
            List<Item> revoked = authority.revoke(items, why);
            report.put("reason", why.word());
            report.put("revoked", revoked.stream().map(CertsChosen::fields).toList());
            revoked.forEach(item ->
                    report.say((hold ? "on hold: " : item.isHeld() ? "revoked for good, after a hold: " : "revoked ")
                            + CertsChosen.said(item)));
            if (revoked.isEmpty()) {
                report.say(hold ? "revoked or on hold before; nothing changed" : "revoked before; nothing changed");
            }
            publishing.publish(common, authority, report, !revoked.isEmpty());
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}
