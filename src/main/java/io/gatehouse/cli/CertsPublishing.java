package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.PkiProblem;
import picocli.CommandLine.Option;

/** Whether brokers that read lists are told at once; what {@code revoke} and {@code release} share. */
final class CertsPublishing {
    @Option(
            names = "--publish",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description =
                    "Sign and write the lists, which is the default; --no-publish is for many commands in a row, with"
                            + " certs crl after the last. A broker that follows the journal knows at once either way.")
    private boolean publish = true;

    /** @param changed whether the journal says something new */
    void publish(CertsCommon common, Authority authority, CertsReport report, boolean changed) throws PkiProblem {
        if (!publish) {
            if (changed) {
                report.say("journalled; a broker that reads lists does not know yet");
            }
            report.next("gatehouse certs crl -d " + common.folder());
            return;
        }
        if (!changed) {
            report.say("the lists are fresh now");
        }
        authority.publishRevocations(Authority.LIST_VALIDITY).forEach(report::wrote);
        report.next("in gatehouse.yaml, tls: {crl: " + common.places().revocationListPem("device") + "}");
    }
}
