import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * A load of publisher and subscriber pairs over mutual TLS, and what it cost the broker.
 *
 * <p>It has no code in common with any broker and runs from its source: {@code java bench/Load.java port=8883 pid=123
 * ca=ca.pem cert=cert.pem key=key.pem qos=1 pairs=50 messages=2000 window=20}. Every pair has a topic of its own, {@code
 * bench/N}; every message carries its number, and a lost, doubled or reordered one is an error. The broker's CPU time is
 * read from its process before and after, so that the load's own cost does not count. Prints one line of {@code
 * key=value}.
 *
 * <p>With {@code offline=true} the subscribers are sessions whose clients are away while the publishers are timed, and come
 * back for everything afterwards.
 */
public final class Load {
    private static int port;
    private static SSLContext tls;
    private static int qos;
    private static int window;
    private static int messages;
    private static int size;
    private static int fanout;

    public static void main(String[] args) throws Exception {
        java.util.Map<String, String> options = new java.util.HashMap<>();
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            options.put(parts[0], parts[1]);
        }
        port = Integer.parseInt(options.get("port"));
        qos = Integer.parseInt(options.getOrDefault("qos", "0"));
        window = Integer.parseInt(options.getOrDefault("window", "20"));
        messages = Integer.parseInt(options.getOrDefault("messages", "2000"));
        size = Integer.parseInt(options.getOrDefault("size", "64"));
        fanout = Integer.parseInt(options.getOrDefault("fanout", "1"));
        int pairs = Integer.parseInt(options.getOrDefault("pairs", "50"));
        long pid = Long.parseLong(options.getOrDefault("pid", "0"));
        tls = context(Path.of(options.get("ca")), Path.of(options.get("cert")), Path.of(options.get("key")));

        if (Boolean.parseBoolean(options.getOrDefault("offline", "false"))) {
            System.exit(offline(pairs, pid) ? 0 : 1);
        }
        run(pairs, Math.max(1, messages / 4)); // the broker and this program warm up
        long cpuBefore = cpuMillis(pid);
        long start = System.nanoTime();
        AtomicLong wrong = run(pairs, messages);
        double seconds = (System.nanoTime() - start) / 1e9;
        long cpu = cpuMillis(pid) - cpuBefore;
        long total = (long) pairs * messages * fanout;
        System.out.printf(
                "messages=%d wrong=%d seconds=%.2f rate=%.0f broker_cpu_ms=%d per_cpu_second=%.0f us_per_message=%.2f%n",
                total, wrong.get(), seconds, total / seconds, cpu, total * 1000.0 / Math.max(1, cpu), cpu * 1000.0 / total);
        System.exit(wrong.get() == 0 ? 0 : 1);
    }

    private static AtomicLong run(int pairs, int count) throws Exception {
        AtomicLong wrong = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        CountDownLatch subscribed = new CountDownLatch(pairs * fanout);
        CountDownLatch received = new CountDownLatch(pairs * fanout);
        for (int i = 0; i < pairs; i++) {
            int pair = i;
            // without acknowledgements, the subscriber's progress is what keeps the publisher from flooding it
            Semaphore ahead = qos == 0 ? new Semaphore(window * 50) : null;
            for (int s = 0; s < fanout; s++) {
                Semaphore mine = s == 0 ? ahead : null;
                threads.add(thread(() -> subscribe(pair, count, subscribed, received, wrong, mine), wrong, received));
            }
            threads.add(thread(
                    () -> {
                        subscribed.await();
                        publish(pair, count, ahead);
                    },
                    wrong,
                    null));
        }
        received.await();
        for (Thread thread : threads) {
            thread.join(10_000);
        }
        return wrong;
    }

    /**
     * Into sessions whose clients are away: one each publisher, which wait until all is published and then come for theirs.
     * Only the publishing is timed.
     */
    private static boolean offline(int pairs, long pid) throws Exception {
        AtomicLong wrong = new AtomicLong();
        int warm = Math.max(1, messages / 4);
        for (int count : new int[] {warm, messages}) {
            String run = "away-" + count + "-" + ProcessHandle.current().pid() + "-";
            for (int i = 0; i < pairs; i++) {
                try (SSLSocket socket = connect(run + i, false)) {
                    subscribe(socket, i);
                    socket.getOutputStream().write(new byte[] {(byte) 0xE0, 0});
                }
            }
            long cpuBefore = cpuMillis(pid);
            LONGEST_WAIT.set(0);
            long start = System.nanoTime();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < pairs; i++) {
                int pair = i;
                threads.add(thread(() -> publish(pair, count, null), wrong, null));
            }
            for (Thread one : threads) {
                one.join();
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            long cpu = cpuMillis(pid) - cpuBefore;
            long longestWait = LONGEST_WAIT.get();
            long reading = System.nanoTime();
            threads.clear();
            for (int i = 0; i < pairs; i++) {
                int pair = i;
                threads.add(thread(() -> fetch(run + pair, count, wrong), wrong, null));
            }
            for (Thread one : threads) {
                one.join();
            }
            if (count == messages) {
                long total = (long) pairs * count;
                System.out.printf(
                        "messages=%d wrong=%d seconds=%.2f rate=%.0f broker_cpu_ms=%d per_cpu_second=%.0f"
                                + " us_per_message=%.2f fetched_per_second=%.0f longest_wait_ms=%d%n",
                        total,
                        wrong.get(),
                        seconds,
                        total / seconds,
                        cpu,
                        total * 1000.0 / Math.max(1, cpu),
                        cpu * 1000.0 / total,
                        total / ((System.nanoTime() - reading) / 1e9),
                        longestWait / 1_000_000);
            }
        }
        return wrong.get() == 0;
    }

    /** A client comes back for what waited, all of it and in order, then ends its session. */
    private static void fetch(String id, int count, AtomicLong wrong) throws Exception {
        try (SSLSocket socket = connect(id, false)) {
            DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 65_536));
            receive(socket.getOutputStream(), in, count, wrong, null);
            socket.getOutputStream().write(new byte[] {(byte) 0xE0, 0});
        }
        connect(id, true).close();
    }

    private interface Work {
        void run() throws Exception;
    }

    private static Thread thread(Work work, AtomicLong wrong, CountDownLatch latch) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Exception e) {
                System.err.println(e);
                wrong.incrementAndGet();
                if (latch != null) {
                    latch.countDown();
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void subscribe(
            int pair, int count, CountDownLatch subscribed, CountDownLatch received, AtomicLong wrong, Semaphore ahead)
            throws Exception {
        try (SSLSocket socket = connect()) {
            OutputStream out = socket.getOutputStream();
            DataInputStream in = subscribe(socket, pair);
            subscribed.countDown();
            receive(out, in, count, wrong, ahead);
            received.countDown();
            out.write(new byte[] {(byte) 0xE0, 0});
        }
    }

    private static DataInputStream subscribe(SSLSocket socket, int pair) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 65_536));
        byte[] filter = ("bench/" + pair).getBytes(StandardCharsets.UTF_8);
        ByteBuffer body = ByteBuffer.allocate(5 + filter.length);
        body.putShort((short) 1).putShort((short) filter.length).put(filter).put((byte) qos);
        socket.getOutputStream().write(packet(0x82, body.array()));
        byte[] suback = read(in, 0x90);
        if (suback[2] != qos) {
            throw new IOException("subscription refused: " + suback[2]);
        }
        return in;
    }

    private static void receive(OutputStream out, DataInputStream in, int count, AtomicLong wrong, Semaphore ahead)
            throws IOException {
        ByteBuffer acks = ByteBuffer.allocate(4096);
        for (long expected = 0; expected < count; expected++) {
            byte[] publish = read(in, 0x30);
            ByteBuffer buffer = ByteBuffer.wrap(publish);
            buffer.position(2 + buffer.getShort(0));
            if (qos > 0) {
                acks.put((byte) 0x40).put((byte) 2).putShort(buffer.getShort());
                if (in.available() == 0 || acks.remaining() < 4) {
                    out.write(acks.array(), 0, acks.position());
                    acks.clear();
                }
            }
            long number = buffer.getLong();
            if (number != expected) {
                wrong.incrementAndGet();
                expected = number;
            }
            if (ahead != null) {
                ahead.release();
            }
        }
        if (acks.position() > 0) {
            out.write(acks.array(), 0, acks.position());
        }
    }

    private static void publish(int pair, int count, Semaphore ahead) throws Exception {
        try (SSLSocket socket = connect()) {
            OutputStream out = socket.getOutputStream();
            DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 65_536));
            byte[] topic = ("bench/" + pair).getBytes(StandardCharsets.UTF_8);
            int header = 2 + topic.length + (qos > 0 ? 2 : 0);
            ByteBuffer batch = ByteBuffer.allocate(window * (header + size + 5));
            int inFlight = 0;
            for (long number = 0; number < count; ) {
                batch.clear();
                while (inFlight < window && number < count) {
                    ByteBuffer body = ByteBuffer.allocate(header + size);
                    body.putShort((short) topic.length).put(topic);
                    if (qos > 0) {
                        body.putShort((short) (number % 65_535 + 1));
                    }
                    body.putLong(number);
                    batch.put(packet(0x30 | qos << 1, body.array()));
                    number++;
                    inFlight++;
                }
                if (ahead != null) {
                    ahead.acquire(inFlight);
                }
                out.write(batch.array(), 0, batch.position());
                if (qos == 0) {
                    inFlight = 0;
                } else {
                    long since = System.nanoTime();
                    do {
                        read(in, 0x40);
                        inFlight--;
                    } while (in.available() > 0 && inFlight > 0);
                    LONGEST_WAIT.accumulateAndGet(System.nanoTime() - since, Math::max);
                }
            }
            while (inFlight-- > 0) {
                read(in, 0x40);
            }
            out.write(new byte[] {(byte) 0xE0, 0});
        }
    }

    /** For an acknowledgement while none came, nanoseconds. */
    private static final AtomicLong LONGEST_WAIT = new AtomicLong();

    private static final AtomicLong CLIENTS = new AtomicLong();

    private static SSLSocket connect() throws IOException {
        return connect("bench-" + ProcessHandle.current().pid() + "-" + CLIENTS.incrementAndGet(), true);
    }

    private static SSLSocket connect(String clientId, boolean clean) throws IOException {
        SSLSocket socket = (SSLSocket) tls.getSocketFactory().createSocket("localhost", port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(120_000);
        byte[] id = clientId.getBytes(StandardCharsets.UTF_8);
        ByteBuffer body = ByteBuffer.allocate(12 + id.length);
        body.putShort((short) 4).put("MQTT".getBytes(StandardCharsets.UTF_8));
        body.put((byte) 4).put((byte) (clean ? 2 : 0)).putShort((short) 600).putShort((short) id.length).put(id);
        socket.getOutputStream().write(packet(0x10, body.array()));
        byte[] connack = read(new DataInputStream(socket.getInputStream()), 0x20);
        if (connack[1] != 0) {
            throw new IOException("CONNACK " + connack[1]);
        }
        return socket;
    }

    private static byte[] packet(int first, byte[] body) {
        ByteBuffer packet = ByteBuffer.allocate(5 + body.length);
        packet.put((byte) first);
        int length = body.length;
        do {
            packet.put((byte) (length > 127 ? length & 127 | 128 : length));
            length >>= 7;
        } while (length > 0);
        packet.put(body);
        byte[] bytes = new byte[packet.position()];
        packet.flip().get(bytes);
        return bytes;
    }

    private static byte[] read(DataInputStream in, int type) throws IOException {
        int first = in.readUnsignedByte();
        int length = 0;
        int shift = 0;
        int digit;
        do {
            digit = in.readUnsignedByte();
            length |= (digit & 127) << shift;
            shift += 7;
        } while (digit > 127);
        byte[] body = new byte[length];
        in.readFully(body);
        if ((first & 0xF0) != type) {
            throw new IOException("expected packet " + Integer.toHexString(type) + ", got " + Integer.toHexString(first));
        }
        return body;
    }

    /** User and system time of a process and all its threads, in milliseconds. */
    private static long cpuMillis(long pid) throws IOException {
        if (pid == 0) {
            return 0;
        }
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * 10; // clock ticks of 10 ms
    }

    private static SSLContext context(Path ca, Path cert, Path key) throws Exception {
        CertificateFactory certificates = CertificateFactory.getInstance("X.509");
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        int number = 0;
        for (Certificate authority : certificates.generateCertificates(Files.newInputStream(ca))) {
            trust.setCertificateEntry("ca" + number++, authority);
        }
        TrustManagerFactory trusts = TrustManagerFactory.getInstance("PKIX");
        trusts.init(trust);
        String pem = Files.readString(key).replaceAll("-----[A-Z ]+-----|\\s", "");
        PrivateKey privateKey =
                KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry(
                "own",
                privateKey,
                new char[0],
                certificates.generateCertificates(Files.newInputStream(cert)).toArray(Certificate[]::new));
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trusts.getTrustManagers(), null);
        return context;
    }
}
