package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.policy.language.PolicySchema;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code gatehouse policy schema}. */
@Command(
        name = "schema",
        description = "Print the JSON Schema of policy files, for editors that complete and check them.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  gatehouse policy schema > policy-1.json",
            "and as the first line of a policy beside it:",
            "  # yaml-language-server: $schema=policy-1.json"
        })
final class PolicySchemaPrint implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().getOut().println(Json.pretty(PolicySchema.schema()));
    }
}
