package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Fault;
import io.gatehouse.pki.PkiProblem.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * Issues a fleet. Keys and signatures are made on as many threads as asked for; the caller's thread journals them, a
 * group with one sync, and only then writes them out.
 *
 * <p>Killed at any point, a later run with {@code resume} makes what is missing. A certificate that was journalled and
 * never written out has a key that nobody has: that run revokes it, superseded by the one that the device gets.
 */
public final class FleetRun {
    /** One sync of the journal for so many. */
    private static final int GROUP = 256;

    /** The column of a manifest that says what became of a device. */
    private static final int STATE = 4;

    /**
     * What became of it.
     *
     * @param kept written by an earlier run
     * @param skipped what could not be issued, in a run that goes on
     * @param revoked what an earlier run journalled and never wrote
     * @param whole whether all of it was tried
     */
    public record Outcome(
            int issued, int kept, List<Fault> skipped, int revoked, boolean whole, Path output, Path manifest) {}

    /**
     * How a fleet is issued.
     *
     * @param resume go on from what an earlier run left
     * @param skip go on without a device that cannot be issued; otherwise one such device stops all
     * @param forms that are made besides PEM
     */
    public record Terms(boolean resume, boolean skip, Forms forms) {}

    private final Authority authority;
    private final Fleet fleet;
    private final Path out;
    private final Terms terms;
    private final ByteArrayOutputStream manifest = new ByteArrayOutputStream();
    private final Map<Fleet.Row, Fault> skipped = new LinkedHashMap<>();

    public FleetRun(Authority authority, Fleet fleet, Path out, Terms terms) {
        this.authority = authority;
        this.fleet = fleet;
        this.out = out;
        this.terms = terms;
    }

    /**
     * Judges the fleet against what the authority issued before; part of every run, and all of a dry one.
     *
     * @return what is skipped
     */
    public List<Fault> check() throws PkiProblem {
        FleetOutput.requireKind(out);
        FleetArchive.requireRoom(
                out, fleet.rows().size(), terms.forms().names("id").size());
        // an output is there before the first line of the journal, so without one nothing was begun
        boolean begun = terms.resume() && FleetOutput.isThere(out);
        Set<String> before = begun ? skippedBefore() : Set.of();
        skipped.putAll(new FleetCheck(authority, fleet, terms.forms(), row -> begun && !before.contains(row.id()))
                .leftOut(terms.skip()));
        authority.issuer(Profile.DEVICE); // one that ended issues nothing
        return List.copyOf(skipped.values());
    }

    /** How many of those that are not left out end before their time, because the issuing authority does. */
    public long shortened() {
        Instant end = authority.deviceIssuer().getNotAfter().toInstant();
        Instant now = authority.clock().instant();
        return fleet.rows().stream()
                .filter(row -> !skipped.containsKey(row)
                        && !row.isEndless()
                        && now.plus(row.validity()).isAfter(end))
                .count();
    }

    /** Who had a certificate of another origin when an earlier run began: it is not taken for one of that run's. */
    private Set<String> skippedBefore() throws PkiProblem {
        Path file = FleetOutput.manifest(out);
        if (!Files.exists(file)) {
            return Set.of();
        }
        Set<String> ids = new HashSet<>();
        for (String line :
                new String(Pem.bytes(file), StandardCharsets.UTF_8).lines().toList()) {
            String[] cells = line.split(",", -1);
            if (cells.length > STATE && cells[STATE].equals("skipped")) {
                ids.add(cells[0]);
            }
        }
        return ids;
    }

    /**
     * Issues.
     *
     * @param stopping asked between groups; true ends the run early, with everything begun finished
     * @param progress told how many are done
     */
    public Outcome run(int threads, BooleanSupplier stopping, IntConsumer progress) throws PkiProblem {
        check();
        manifest.writeBytes(FleetOutput.line("id", "profile", "serial", "not_after", "state", "reason"));
        ExecutorService workers = Executors.newFixedThreadPool(threads);
        try (FleetOutput output = FleetOutput.at(out, terms.resume())) {
            skipped.forEach(this::skip);
            if (!skipped.isEmpty()) { // a run that is killed does not get to its end
                AtomicFiles.writePublic(FleetOutput.manifest(out), manifest.toByteArray());
            }
            List<Fleet.Row> missing = new ArrayList<>();
            for (Fleet.Row row : fleet.rows()) {
                if (!skipped.containsKey(row) && !isPresent(output, row)) {
                    missing.add(row);
                }
            }
            if (output.isWhole() && !missing.isEmpty()) {
                throw new PkiProblem(
                        Kind.INPUT,
                        out + ": is whole already, and " + missing.size() + " devices of this table are not in it; name"
                                + " another");
            }
            GroupInHand inHand = new GroupInHand(out);
            int revoked = authority
                    .revoke(inHand.lost(authority.inventory(), output), RevocationReason.SUPERSEDED)
                    .size();
            int kept = fleet.rows().size() - missing.size() - skipped.size();
            progress.accept(kept);
            int before = skipped.size();
            int done = issue(missing, workers, output, inHand, stopping, count -> progress.accept(kept + count));
            boolean whole = done + skipped.size() - before == missing.size();
            if (whole) {
                output.finish();
            }
            inHand.release();
            AtomicFiles.writePublic(FleetOutput.manifest(out), manifest.toByteArray());
            return new Outcome(
                    done, kept, List.copyOf(skipped.values()), revoked, whole, out, FleetOutput.manifest(out));
        } catch (IOException e) {
            throw new PkiProblem(
                    Kind.IO,
                    out + ": cannot be written: " + FileFault.why(e)
                            + (FleetOutput.isThere(out)
                                    ? ". Make room, and continue with --resume"
                                    : ". Nothing was issued"));
        } finally {
            workers.shutdownNow();
        }
    }

    private void skip(Fleet.Row row, Fault why) {
        manifest.writeBytes(FleetOutput.line(row.id(), row.profile().word(), "", "", "skipped", why.code()));
    }

    private void note(String id, Profile profile, String serial, Instant end, String state) {
        manifest.writeBytes(FleetOutput.line(id, profile.word(), serial, end.toString(), state, ""));
    }

    private boolean isPresent(FleetOutput output, Fleet.Row row) throws PkiProblem {
        FleetOutput.Kept kept = output.present.get(row.id());
        if (kept == null || kept.hasKey() == row.csr().isPresent()) {
            return false;
        }
        String serial = kept.serial();
        Optional<Inventory.Item> item = authority
                .inventory()
                .active(row.profile(), row.id(), authority.clock().instant())
                .filter(one -> one.serial().toString(16).equals(serial))
                .filter(one -> row.csr()
                        .map(csr -> Authority.keyHash(csr.key()).equals(one.key()))
                        .orElse(true));
        if (item.isPresent() && !kept.files().containsAll(terms.forms().names(row.id()))) {
            throw new PkiProblem(
                    Kind.INPUT,
                    out + ": \"" + row.id() + "\" was written without a form that is asked for now. Go on with the same"
                            + " --format, and export the others afterwards");
        }
        item.ifPresent(one -> note(one.id(), one.profile(), serial, one.notAfter(), "kept"));
        return item.isPresent();
    }

    private int issue(
            List<Fleet.Row> rows,
            ExecutorService workers,
            FleetOutput output,
            GroupInHand inHand,
            BooleanSupplier stopping,
            IntConsumer progress)
            throws PkiProblem, IOException {
        if (rows.isEmpty()) {
            return 0;
        }
        Signer.Issuer issuer = authority.issuer(Profile.DEVICE); // also: the wrong passphrase ends it here
        Deque<List<Work>> ahead = new ArrayDeque<>();
        int next = 0;
        int tried = 0;
        int done = 0;
        while (tried < rows.size()) {
            while (ahead.size() < 2 && next < rows.size() && !stopping.getAsBoolean()) {
                List<Fleet.Row> group = rows.subList(next, Math.min(rows.size(), next + GROUP));
                ahead.add(group.stream().map(row -> work(row, workers, issuer)).toList());
                next += group.size();
            }
            List<Work> group = ahead.poll();
            if (group == null) {
                return done; // asked to stop
            }
            List<FleetOutput.Device> made = new ArrayList<>(group.size());
            for (Work one : group) {
                await(one).ifPresent(made::add);
            }
            tried += group.size();
            if (!made.isEmpty()) {
                inHand.take(made);
                authority.record(
                        made.stream().map(FleetOutput.Device::issued).toList()); // on the disk before it leaves
                output.write(made);
            }
            for (FleetOutput.Device device : made) {
                Issued one = device.issued();
                note(
                        one.id(),
                        one.profile(),
                        one.serial(),
                        one.certificate().getNotAfter().toInstant(),
                        "issued");
            }
            done += made.size();
            progress.accept(done);
        }
        return done;
    }

    /** A device in the making. */
    private record Work(Fleet.Row row, Future<FleetOutput.Device> device) {}

    /** What it asks the authority is asked on this thread, before another signs. */
    private Work work(Fleet.Row row, ExecutorService workers, Signer.Issuer issuer) {
        String uri = authority.uriOf(row.profile(), row.id(), row.labels());
        return new Work(row, workers.submit(() -> make(row, issuer, uri)));
    }

    private FleetOutput.Device make(Fleet.Row row, Signer.Issuer issuer, String uri) throws PkiProblem {
        Issued issued = sign(row, issuer, uri);
        return new FleetOutput.Device(issued, terms.forms().of(issued));
    }

    private Issued sign(Fleet.Row row, Signer.Issuer issuer, String uri) throws PkiProblem {
        Optional<KeyPair> made =
                row.csr().isPresent() ? Optional.empty() : Optional.of(authority.keyPair(row.profile()));
        PublicKey key = made.map(KeyPair::getPublic)
                .orElseGet(() -> row.csr().orElseThrow().key());
        Request request = Draft.client(row.id(), row.validity(), row.deviceSerial())
                .with(row.labels())
                .with(key);
        return authority.sign(
                row.profile().permit(request, authority.profiles()), issuer, made.map(KeyPair::getPrivate), uri);
    }

    /** What was made; empty where it could not be, in a run that goes on. */
    private Optional<FleetOutput.Device> await(Work work) throws PkiProblem {
        try {
            return Optional.of(work.device().get());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PkiProblem(Kind.IO, "interrupted. Continue with --resume");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof PkiProblem problem) {
                if (!terms.skip() || problem.kind() == Kind.IO) {
                    throw problem;
                }
                Fault why = fleet.fault("NOT_ISSUED", work.row().line(), String.valueOf(problem.getMessage()))
                        .fault();
                skipped.put(work.row(), why);
                skip(work.row(), why);
                return Optional.empty();
            }
            throw new IllegalStateException("a certificate could not be made", e.getCause());
        }
    }
}
