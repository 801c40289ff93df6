package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Holds;
import io.gatehouse.pki.Inventory.Item;
import io.gatehouse.pki.PkiProblem;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code certs release}: what was on hold is accepted again. */
@Command(
        name = "release",
        description =
                "Lift the hold of certificates (certs revoke --reason certificateHold), and publish the lists that"
                        + " brokers read. What is revoked for good stays so (RFC 5280, 5.3.1).",
        mixinStandardHelpOptions = true)
final class CertsRelease implements Runnable {
    @Mixin
    private CertsChosen chosen = new CertsChosen();

    @Mixin
    private CertsPublishing publishing = new CertsPublishing();

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        chosen.require();
        try (CertsReport report = common.report();
                Authority authority = common.unlock()) {
            List<Item> items = new ArrayList<>();
            for (List<Item> all : chosen.byHolder(authority.inventory()).values()) {
                items.addAll(held(all));
            }
            items.addAll(chosen.bySerial(authority.inventory()));
            Holds.lift(authority, items);
            report.put(
                    "released",
                    items.stream().distinct().map(CertsChosen::fields).toList());
            items.stream().distinct().forEach(item -> report.say("released " + CertsChosen.said(item)));
            publishing.publish(common, authority, report, true);
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    /** Of a holder those that are on hold; where there are none, the last that it had, which is refused with its reason. */
    private static List<Item> held(List<Item> all) {
        List<Item> held = all.stream().filter(Item::isHeld).toList();
        return held.isEmpty() ? all.subList(all.size() - 1, all.size()) : held;
    }
}
