package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Fault;
import io.gatehouse.pki.PkiProblem.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 * never written out stays in the journal, superseded by the one that the device gets.
 */
public final class FleetRun {
    /** One sync of the journal for so many. */
    private static final int GROUP = 256;

    /**
     * What became of it.
     *
     * @param kept written by an earlier run
     */
    public record Outcome(int issued, int kept, boolean whole, Path output, Path manifest) {}

    private final Authority authority;
    private final Fleet fleet;
    private final Path out;
    private final boolean resume;
    private final ByteArrayOutputStream manifest = new ByteArrayOutputStream();

    public FleetRun(Authority authority, Fleet fleet, Path out, boolean resume) {
        this.authority = authority;
        this.fleet = fleet;
        this.out = out;
        this.resume = resume;
    }

    /** Judges the fleet against what the authority issued before; part of every run, and all of a dry one. */
    public void check() throws PkiProblem {
        FleetArchive.requireRoom(out, fleet.rows().size());
        // an output is there before the first line of the journal, so without one nothing was begun
        boolean begun = resume && FleetOutput.isThere(out);
        List<Fault> faults = new ArrayList<>();
        Map<String, Fleet.Row> keys = new HashMap<>();
        for (Fleet.Row row : fleet.rows()) {
            row.csr().flatMap(csr -> keyTaken(row, csr, keys)).ifPresent(faults::add);
            try {
                authority.requireFree(row.profile(), row.id(), begun);
            } catch (PkiProblem e) {
                faults.add(new Fault("ID_TAKEN", "line " + row.line() + ": " + e.getMessage()));
            }
        }
        if (!faults.isEmpty()) {
            throw Fleet.faults(faults);
        }
    }

    /** The rule of {@link Authority#certify}: one key for two names is one device that poses as another. */
    private Optional<Fault> keyTaken(Fleet.Row row, Csr csr, Map<String, Fleet.Row> keys) {
        String key = Authority.keyHash(csr.key());
        Fleet.Row before = keys.putIfAbsent(key, row);
        Optional<String> holder = authority.inventory().holderOf(key).filter(id -> !id.equals(row.id()));
        if (before == null && holder.isEmpty()) {
            return Optional.empty();
        }
        String whose = before != null
                ? "is that of \"" + before.id() + "\" on line " + before.line()
                : "belongs to \"" + holder.orElseThrow() + "\" already";
        return Optional.of(new Fault(
                "KEY_TAKEN",
                "line " + row.line() + ": the key of its request " + whose + "; every holder has a key of its own"));
    }

    /**
     * Issues.
     *
     * @param stopping asked between groups; true ends the run early, with everything begun finished
     * @param progress told how many are done
     */
    public Outcome run(int threads, BooleanSupplier stopping, IntConsumer progress) throws PkiProblem {
        check();
        manifest.writeBytes(FleetOutput.line("id", "profile", "serial", "not_after"));
        ExecutorService workers = Executors.newFixedThreadPool(threads);
        try (FleetOutput output = FleetOutput.at(out, resume)) {
            List<Fleet.Row> missing = new ArrayList<>();
            for (Fleet.Row row : fleet.rows()) {
                if (!isPresent(output, row)) {
                    missing.add(row);
                }
            }
            if (output.isWhole() && !missing.isEmpty()) {
                throw new PkiProblem(
                        Kind.INPUT,
                        out + ": is whole already, and " + missing.size() + " devices of this table are not in it; name"
                                + " another");
            }
            int kept = fleet.rows().size() - missing.size();
            progress.accept(kept);
            int done = issue(missing, workers, output, stopping, count -> progress.accept(kept + count));
            boolean whole = done == missing.size();
            if (whole) {
                output.finish();
            }
            AtomicFiles.writePublic(FleetOutput.manifest(out), manifest.toByteArray());
            return new Outcome(done, kept, whole, out, FleetOutput.manifest(out));
        } catch (IOException e) {
            throw new PkiProblem(Kind.IO, out + ": cannot be written: " + e.getMessage() + ". Continue with --resume");
        } finally {
            workers.shutdownNow();
        }
    }

    private boolean isPresent(FleetOutput output, Fleet.Row row) {
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
        item.ifPresent(one -> manifest.writeBytes(FleetOutput.line(
                one.id(), one.profile().word(), serial, one.notAfter().toString())));
        return item.isPresent();
    }

    private int issue(
            List<Fleet.Row> rows,
            ExecutorService workers,
            FleetOutput output,
            BooleanSupplier stopping,
            IntConsumer progress)
            throws PkiProblem, IOException {
        if (rows.isEmpty()) {
            return 0;
        }
        Signer.Issuer issuer = authority.issuer(Profile.DEVICE); // also: the wrong passphrase ends it here
        Deque<List<Future<Issued>>> ahead = new ArrayDeque<>();
        int next = 0;
        int done = 0;
        while (done < rows.size()) {
            while (ahead.size() < 2 && next < rows.size() && !stopping.getAsBoolean()) {
                List<Fleet.Row> group = rows.subList(next, Math.min(rows.size(), next + GROUP));
                ahead.add(group.stream()
                        .map(row -> workers.submit(() -> sign(row, issuer)))
                        .toList());
                next += group.size();
            }
            List<Future<Issued>> group = ahead.poll();
            if (group == null) {
                return done; // asked to stop
            }
            List<Issued> issued = new ArrayList<>(group.size());
            for (Future<Issued> one : group) {
                issued.add(await(one));
            }
            authority.record(issued); // on the disk, before any of it leaves
            output.write(issued);
            for (Issued one : issued) {
                manifest.writeBytes(FleetOutput.line(
                        one.id(),
                        one.profile().word(),
                        one.serial(),
                        one.certificate().getNotAfter().toInstant().toString()));
            }
            done += issued.size();
            progress.accept(done);
        }
        return done;
    }

    private Issued sign(Fleet.Row row, Signer.Issuer issuer) throws PkiProblem {
        Optional<KeyPair> made =
                row.csr().isPresent() ? Optional.empty() : Optional.of(authority.keyPair(row.profile()));
        PublicKey key = made.map(KeyPair::getPublic)
                .orElseGet(() -> row.csr().orElseThrow().key());
        Request request = new Request(row.id(), key, List.of(), List.of(), row.validity(), row.deviceSerial());
        return authority.sign(
                row.profile().permit(request, authority.profiles()), issuer, made.map(KeyPair::getPrivate));
    }

    private static Issued await(Future<Issued> future) throws PkiProblem {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PkiProblem(Kind.IO, "interrupted. Continue with --resume");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof PkiProblem problem) {
                throw problem;
            }
            throw new IllegalStateException("a certificate could not be made", e.getCause());
        }
    }
}
