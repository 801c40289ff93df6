package io.gatehouse;

import io.gatehouse.admin.ControlCommand;
import io.gatehouse.config.Configuration;
import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Prospect;
import io.gatehouse.policy.language.PolicyLoader;
import io.gatehouse.policy.lint.ConfiguredPolicy;
import io.gatehouse.routing.Router;
import io.gatehouse.session.SessionRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells what another policy would do to the sessions of a running broker, and does nothing of it. Any thread; what happens
 * meanwhile is seen or not.
 */
final class PolicyImpact {
    private static final int MAX_LISTED = 100;

    private final Configuration configuration;
    private final Clock clock;
    private final Authorizer authorizer;
    private final SessionRegistry registry;
    private final Router router;

    PolicyImpact(
            Configuration configuration, Clock clock, Authorizer authorizer, SessionRegistry registry, Router router) {
        this.configuration = configuration;
        this.clock = clock;
        this.authorizer = authorizer;
        this.registry = registry;
        this.router = router;
    }

    /** Answers for the policy of a folder, which {@code arguments} name. */
    Map<String, @Nullable Object> of(Map<String, String> arguments) throws ControlCommand.Refused {
        Path folder = Path.of(arguments.getOrDefault("folder", ""));
        if (!folder.isAbsolute() || !Files.isDirectory(folder)) {
            throw new ControlCommand.Refused("\"folder\" is the absolute path of a folder of policies");
        }
        PolicyLoader.Loaded loaded = ConfiguredPolicy.load(folder, configuration, options -> options, clock);
        if (loaded.set().isEmpty()) {
            throw new ControlCommand.Refused("the policy would not be loaded: "
                    + loaded.problems().get(0) + (loaded.problems().size() > 1 ? " ..." : ""));
        }
        Prospect prospect = authorizer.prospect(loaded.set().get());
        int[] dormant = new int[1];
        int[] disconnected = new int[1];
        List<Map<String, Object>> lost = new ArrayList<>();
        List<String> leaving = new ArrayList<>();
        registry.each(held -> {
            String client = held.session().clientId().text();
            if (held.link() != null && prospect.disconnects(held.rights())) {
                if (disconnected[0]++ < MAX_LISTED) {
                    leaving.add(client);
                }
            }
            for (AuthorizedSubscription subscription : held.session().subscriptions()) {
                if (prospect.silences(subscription) && dormant[0]++ < MAX_LISTED) {
                    lost.add(Map.of(
                            "client",
                            client,
                            "filter",
                            subscription.subscription().filter().text()));
                }
            }
        });
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("dormant", dormant[0]);
        answer.put("disconnected", disconnected[0]);
        answer.put("retained_hidden", router.wouldWithhold(prospect));
        answer.put("subscriptions", lost);
        answer.put("clients", leaving);
        return answer;
    }
}
