package io.gatehouse.pki;

import io.gatehouse.pki.ProfileSettings.Names;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a profile of each name has to be, whatever its file says: who signs it, what it is for. Immutable.
 *
 * <p>The separation of devices and servers, and of those who sign from those who do not, is what everything else rests on
 * (RFC 5280, 4.2.1.3, 4.2.1.9, 4.2.1.12).
 */
enum ProfileKind {
    ROOT("self", true, null, Names.NONE, Duration.ofDays(9125)),
    ISSUING("root", true, 0, Names.NONE, Duration.ofDays(9125)),
    DEVICE("device", false, null, Names.URI, Duration.ofDays(3650), "clientAuth"),
    IDEVID("device", false, null, Names.URI, ProfileSettings.WITHOUT_END, "clientAuth"),
    ADMINISTRATOR("device", false, null, Names.URI, Duration.ofDays(3650), "clientAuth"),
    SERVER("server", false, null, Names.NAMES, Duration.ofDays(3650), "serverAuth"),
    NODE("server", false, null, Names.NAMES, Duration.ofDays(3650), "serverAuth", "clientAuth"),
    OCSP_DEVICE("device", false, null, Names.NONE, Duration.ofDays(397), "OCSPSigning"),
    OCSP_SERVER("server", false, null, Names.NONE, Duration.ofDays(397), "OCSPSigning");

    private final String issuedBy;
    private final boolean authority;
    private final @Nullable Integer pathLength;
    private final Names names;
    private final Duration most;
    private final List<String> purposes;

    ProfileKind(
            String issuedBy,
            boolean authority,
            @Nullable Integer pathLength,
            Names names,
            Duration most,
            String... purposes) {
        this.issuedBy = issuedBy;
        this.authority = authority;
        this.pathLength = pathLength;
        this.names = names;
        this.most = most;
        this.purposes = List.of(purposes);
    }

    boolean isSignedByServerAuthority() {
        return issuedBy.equals("server");
    }

    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Optional<ProfileKind> of(String word) {
        return Arrays.stream(values()).filter(kind -> kind.word().equals(word)).findFirst();
    }

    static String names() {
        return Arrays.stream(values()).map(ProfileKind::word).collect(Collectors.joining(", "));
    }

    /** A rule that settings break, and the key of the file that breaks it. */
    record Breach(String key, String rule) {}

    /** Why settings are not those of a profile of this kind; empty if they are. */
    List<Breach> faults(ProfileSettings settings) {
        List<Breach> faults = new ArrayList<>();
        List<String> usages = authority ? List.of("keyCertSign", "cRLSign") : List.of("digitalSignature");
        require(faults, settings.issuedBy().equals(issuedBy), "issued_by", "is issued_by: " + issuedBy);
        require(faults, settings.authority() == authority, "ca", "has basic_constraints: {ca: " + authority + "}");
        require(
                faults,
                java.util.Objects.equals(settings.pathLength(), pathLength),
                "path_length",
                pathLength == null ? "has no path_length" : "has path_length: " + pathLength);
        require(faults, settings.keyUsage().equals(usages), "key_usage", "has key_usage: " + usages);
        require(
                faults,
                settings.extendedKeyUsage().equals(purposes),
                "extended_key_usage",
                purposes.isEmpty() ? "has no extended_key_usage" : "has extended_key_usage: " + purposes);
        require(
                faults,
                !authority || settings.subjectKeyIdentifier(),
                "subject_key_identifier",
                "has subject_key_identifier: true");
        require(
                faults,
                this == ROOT || settings.authorityKeyIdentifier(),
                "authority_key_identifier",
                "has authority_key_identifier: true");
        require(
                faults,
                settings.alternativeName() == names,
                "subject_alternative_name",
                "has subject_alternative_name: " + names.name().toLowerCase(Locale.ROOT));
        require(
                faults,
                settings.ocspNoCheck() == isResponder(),
                "ocsp_no_check",
                "has ocsp_no_check: " + isResponder());
        require(
                faults,
                settings.accepts().contains(settings.key()),
                "accepts",
                "accepts the kind of key that it makes");
        require(
                faults,
                settings.validity().compareTo(settings.most()) <= 0,
                "default",
                "has a default validity no longer than its most");
        require(
                faults,
                settings.most().compareTo(most) <= 0,
                "most",
                "has a validity of at most "
                        + (most.equals(ProfileSettings.WITHOUT_END) ? "any length" : most.toDays() + "d"));
        require(
                faults,
                !settings.backdate().isNegative() && settings.backdate().compareTo(Duration.ofDays(1)) <= 0,
                "backdate",
                "is backdated by a day at most");
        require(
                faults,
                !settings.accepts().contains(KeyKind.RSA2048) || mayHaveRsa2048(),
                "accepts",
                "takes no RSA key below 3072 bits; devices alone may");
        return faults;
    }

    /** Whether it may take keys of RSA with 2048 bits at all. */
    boolean mayHaveRsa2048() {
        return this == DEVICE || this == IDEVID;
    }

    private boolean isResponder() {
        return this == OCSP_DEVICE || this == OCSP_SERVER;
    }

    private void require(List<Breach> faults, boolean kept, String key, String rule) {
        if (!kept) {
            faults.add(new Breach(key, "the profile " + word() + " " + rule));
        }
    }
}
