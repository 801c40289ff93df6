package io.gatehouse.cli;

import io.gatehouse.authn.PasswordFileEditor;
import io.gatehouse.authn.PasswordFileEditor.User;
import io.gatehouse.authn.Unusable;
import io.gatehouse.json.Json;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse passwd list FILE}: the users, and which of their passwords should be set anew. */
@Command(
        name = "list",
        description = "List the users, how their passwords are stored, and which of them are stored weakly.",
        mixinStandardHelpOptions = true)
final class PasswdList implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "FILE", description = "The password file.")
    private Path file;

    @Option(names = "--json", description = "Print a JSON array, one object a user.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<User> users;
        try {
            users = new PasswordFileEditor(file, new SecureRandom()).users();
        } catch (Unusable e) {
            throw Failure.usage(e.getMessage());
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.pretty(users.stream().map(PasswdList::object).toList()));
            return ExitCode.DONE;
        }
        int width = users.stream().mapToInt(user -> user.name().length()).max().orElse(0);
        for (User user : users) {
            out.println(pad(user.name(), width) + "  " + user.cost() + (user.isWeak() ? "  WEAK" : ""));
        }
        long weak = users.stream().filter(User::isWeak).count();
        out.println(users.size()
                + (users.size() == 1 ? " user" : " users")
                + (weak == 0
                        ? ""
                        : ", " + weak + " stored weakly: set their passwords anew with 'gatehouse passwd set'"));
        return ExitCode.DONE;
    }

    private static Map<String, Object> object(User user) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("user", user.name());
        object.put("scheme", user.scheme().word());
        object.put("cost", user.cost());
        object.put("weak", user.isWeak());
        object.put("line", user.line());
        return object;
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(width - text.length());
    }
}
