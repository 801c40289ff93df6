package io.gatehouse.authn;

import io.gatehouse.store.PrincipalRecord;
import io.gatehouse.store.RecoveredPrincipal;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Principals as data, and back: so that a session has its owner again after a restart. Stateless.
 *
 * <p>What a principal proved itself with is not kept: one that is restored owns what it left, and logs nobody in. The door
 * back asks for the proof that a store held it.
 */
public final class PrincipalRecords {
    private PrincipalRecords() {}

    public static PrincipalRecord record(Principal principal) {
        Subject subject = principal.subject();
        InetAddress address = subject.address();
        return new PrincipalRecord(
                subject.user(),
                principal.owner().realm(),
                subject.methods().stream().map(AuthMethod::word).sorted().toList(),
                subject.listener(),
                address == null ? "" : address.getHostAddress(),
                subject.attributes());
    }

    public static Principal restore(RecoveredPrincipal recovered) {
        PrincipalRecord record = recovered.record();
        Subject subject = new Subject(
                record.user(),
                methods(record.methods()),
                record.listener(),
                address(record.address()),
                record.attributes());
        return new Principal(subject, record.realm(), null);
    }

    /** A method that this version does not know is one less, and a policy that asks for it is not met. */
    private static Set<AuthMethod> methods(List<String> words) {
        return Arrays.stream(AuthMethod.values())
                .filter(method -> words.contains(method.word()))
                .collect(Collectors.toSet());
    }

    private static @Nullable InetAddress address(String text) {
        boolean numeric = text.contains(":") || text.matches("[0-9.]+");
        try {
            return numeric ? InetAddress.getByName(text) : null;
        } catch (UnknownHostException e) {
            return null; // a policy's network condition treats an unknown address as unknown
        }
    }
}
