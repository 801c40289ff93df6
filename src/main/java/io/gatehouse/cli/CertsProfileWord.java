package io.gatehouse.cli;

import io.gatehouse.pki.Profile;
import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The name of a profile as files and lists have it; {@code ocsp} is {@code ocsp-device}. */
final class CertsProfileWord implements ITypeConverter<Profile> {
    /** For {@code --help}, which takes constants only. */
    static final String WORDS = "device, idevid, administrator, server, node, ocsp-device (or ocsp), ocsp-server";

    @Override
    public Profile convert(String text) {
        String word = text.equals("ocsp") ? "ocsp-device" : text;
        return Arrays.stream(Profile.values())
                .filter(profile -> profile.word().equalsIgnoreCase(word))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException("'" + text + "' is not one of "
                        + Arrays.stream(Profile.values()).map(Profile::word).collect(Collectors.joining(", "))));
    }
}
