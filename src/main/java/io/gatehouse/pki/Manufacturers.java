package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Manufacturers whose devices enrol with the certificate they were made with (IEEE 802.1AR, IDevID), and the devices that
 * may. Immutable; any thread.
 *
 * <p>The list is a table: {@code sha256,id} and, if wanted, {@code serial_number}. The SHA-256 is the certificate's as a
 * whole, so that no other certificate of the manufacturer passes for it.
 */
public final class Manufacturers {
    private static final int MAX_DEVICES = 1_000_000;

    private final List<X509Certificate> authorities;
    private final Map<String, Listed> devices;

    /** A device that may enrol. */
    record Listed(String id, @Nullable String deviceSerial) {}

    private Manufacturers(List<X509Certificate> authorities, Map<String, Listed> devices) {
        this.authorities = authorities;
        this.devices = devices;
    }

    /**
     * Reads both files whole, and judges them.
     *
     * @throws PkiProblem naming the line that is wrong
     */
    public static Manufacturers read(Path authorities, Path list) throws PkiProblem {
        return new Manufacturers(List.copyOf(Pem.certificates(authorities)), Map.copyOf(devices(list)));
    }

    /** The manufacturers' authorities. */
    public List<X509Certificate> authorities() {
        return authorities;
    }

    private static Map<String, Listed> devices(Path list) throws PkiProblem {
        Map<String, Listed> devices = new HashMap<>();
        Map<String, Integer> ids = new HashMap<>();
        List<String> lines;
        try {
            lines = Files.readAllLines(list, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            throw new PkiProblem(Kind.NOT_FOUND, list + ": no such file");
        } catch (MalformedInputException e) {
            throw new PkiProblem(Kind.INPUT, list + ": not UTF-8 text");
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, list + ": cannot be read: " + FileFault.why(e));
        }
        String head = lines.isEmpty() ? "" : lines.get(0).trim();
        if (!head.equals("sha256,id") && !head.equals("sha256,id,serial_number")) {
            throw new PkiProblem(
                    Kind.INPUT, list + ":1: the first line is \"sha256,id\" or \"sha256,id,serial_number\"");
        }
        if (lines.size() > MAX_DEVICES) {
            throw new PkiProblem(Kind.INPUT, list + ": more than " + MAX_DEVICES + " devices");
        }
        for (int i = 1; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                device(list + ":" + (i + 1) + ": ", lines.get(i).split(",", -1), head, devices, ids, i + 1);
            }
        }
        return devices;
    }

    private static void device(
            String place, String[] cells, String head, Map<String, Listed> devices, Map<String, Integer> ids, int line)
            throws PkiProblem {
        if (cells.length != head.split(",").length) {
            throw new PkiProblem(Kind.INPUT, place + cells.length + " cells, not those of the first line");
        }
        String hash = cells[0].trim().replace(":", "").toLowerCase(Locale.ROOT);
        if (!hash.matches("[0-9a-f]{64}")) {
            throw new PkiProblem(Kind.INPUT, place + "\"" + Profile.shown(cells[0]) + "\" is no SHA-256 in hex");
        }
        String id = cells[1].trim();
        String serial = cells.length < 3 || cells[2].isBlank() ? null : cells[2].trim();
        try {
            Profile.requireId(id);
            Profile.DEVICE.requireRow(Profile.DEVICE.defaultValidity(), serial);
        } catch (PkiProblem e) {
            throw new PkiProblem(Kind.INPUT, place + e.getMessage());
        }
        Integer before = ids.putIfAbsent(id, line);
        if (before != null) {
            throw new PkiProblem(Kind.INPUT, place + "\"" + id + "\" is on line " + before + " already");
        }
        if (devices.putIfAbsent(hash, new Listed(id, serial)) != null) {
            throw new PkiProblem(Kind.INPUT, place + "this certificate is on an earlier line already");
        }
    }

    /** The device that a chain is of: its leaf is on the list, and leads to a manufacturer that is trusted. */
    Optional<Listed> find(List<X509Certificate> chain, Instant now) {
        if (chain.isEmpty()) {
            return Optional.empty();
        }
        try {
            Listed listed = devices.get(Journal.sha256(chain.get(0).getEncoded()));
            return listed != null && leadsToAnAuthority(chain, now) ? Optional.of(listed) : Optional.empty();
        } catch (CertificateEncodingException e) {
            return Optional.empty();
        }
    }

    /** Whether a chain is of a device that one of the manufacturers made, on the list or not. */
    boolean made(List<X509Certificate> chain, Instant now) {
        return !chain.isEmpty() && leadsToAnAuthority(chain, now);
    }

    private boolean leadsToAnAuthority(List<X509Certificate> chain, Instant now) {
        try {
            Set<TrustAnchor> anchors =
                    authorities.stream().map(ca -> new TrustAnchor(ca, null)).collect(Collectors.toSet());
            PKIXParameters parameters = new PKIXParameters(anchors);
            parameters.setRevocationEnabled(false); // the list says who may; taking a device off it is its revocation
            parameters.setDate(Date.from(now));
            List<X509Certificate> path =
                    chain.stream().filter(one -> !authorities.contains(one)).toList();
            CertPathValidator.getInstance("PKIX")
                    .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
            return !path.isEmpty();
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return authorities.size() + " authorities, " + devices.size() + " devices";
    }
}
