package io.gatehouse.pki;

import io.gatehouse.pki.EnrolmentAnswer.Refused;
import io.gatehouse.pki.SignerFrames.Fields;
import io.gatehouse.pki.SignerFrames.Operation;
import java.io.DataInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * A signer in a process of its own, asked over its socket. Any thread; a connection for each request, so that a signer that
 * was started again is found.
 */
public final class RemoteRegistrar implements Registrar {
    private static final long ANSWER_SECONDS = 30;

    private final Path socket;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "gatehouse-signer-timer");
        thread.setDaemon(true);
        return thread;
    });

    public RemoteRegistrar(Path socket) {
        this.socket = socket;
    }

    /** Reads one kind of answer. */
    @FunctionalInterface
    private interface Reader<T> {
        T read(DataInputStream in) throws IOException, PkiProblem;
    }

    private <T> T ask(Operation operation, Fields fields, Reader<T> reader) throws PkiProblem {
        byte[] request = SignerFrames.request(operation, fields);
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            ScheduledFuture<?> late = timer.schedule(
                    () -> {
                        channel.close();
                        return null;
                    },
                    ANSWER_SECONDS,
                    TimeUnit.SECONDS);
            try {
                SignerFrames.send(channel, request);
                return reader.read(SignerFrames.receive(channel));
            } finally {
                late.cancel(false);
            }
        } catch (IOException e) {
            throw new PkiProblem(PkiProblem.Kind.IO, "the signer at " + socket + " does not answer: " + e.getMessage());
        }
    }

    private EnrolmentAnswer answer(String id, Operation operation, Fields fields) {
        try {
            return ask(operation, fields, SignerFrames::readAnswer);
        } catch (PkiProblem e) {
            return new Refused(id, EnrolmentFault.UNAVAILABLE, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public EnrolmentAnswer enrol(String id, String token, byte[] csr) {
        return answer(id, Operation.TOKEN, out -> {
            SignerFrames.put(out, id);
            SignerFrames.put(out, token);
            SignerFrames.put(out, csr);
        });
    }

    @Override
    public EnrolmentAnswer enrol(Applicant applicant, byte[] csr) {
        return answer("", Operation.APPLICANT, out -> {
            SignerFrames.put(out, applicant.address());
            SignerFrames.put(out, applicant.chain());
            SignerFrames.put(out, csr);
        });
    }

    @Override
    public EnrolmentAnswer renew(X509Certificate current, byte[] csr) {
        return answer("", Operation.RENEW, out -> {
            try {
                SignerFrames.put(out, current.getEncoded());
            } catch (java.security.cert.CertificateEncodingException e) {
                throw new IOException(e);
            }
            SignerFrames.put(out, csr);
        });
    }

    @Override
    public boolean loggedIn(BigInteger serial) throws PkiProblem {
        return ask(Operation.LOGGED_IN, out -> SignerFrames.put(out, serial.toByteArray()), SignerFrames::readTruth);
    }

    @Override
    public List<X509Certificate> authorities() throws PkiProblem {
        return ask(Operation.AUTHORITIES, out -> {}, SignerFrames::readCertificates);
    }

    @Override
    public byte[] template() throws PkiProblem {
        return ask(Operation.TEMPLATE, out -> {}, SignerFrames::readBytes);
    }

    @Override
    public Standing standing() throws PkiProblem {
        return ask(Operation.STANDING, out -> {}, SignerFrames::readStanding);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
