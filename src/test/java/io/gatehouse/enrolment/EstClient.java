package io.gatehouse.enrolment;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** One request over TLS, byte by byte, each from an address of its own, so that rates do not get in the way. */
final class EstClient {
    private static final AtomicInteger ADDRESSES = new AtomicInteger(1);

    private final SSLContext tls;
    private final int port;
    private InetAddress from;

    /** What came back. */
    record Answer(int status, String head, String body) {
        X509Certificate certificate() throws Exception {
            byte[] der = Base64.getMimeDecoder().decode(body);
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertPath(new ByteArrayInputStream(der), "PKCS7")
                    .getCertificates()
                    .get(0);
        }
    }

    EstClient(SSLContext tls, int port) throws IOException {
        this.tls = tls;
        this.port = port;
        int number = ADDRESSES.incrementAndGet();
        this.from = InetAddress.getByAddress(new byte[] {127, 0, (byte) (number >> 7), (byte) (1 + (number & 127))});
    }

    /** From another address. */
    EstClient from(InetAddress address) {
        from = address;
        return this;
    }

    SSLSocket connect() throws IOException {
        Socket plain = new Socket();
        plain.bind(new InetSocketAddress(from, 0));
        plain.connect(new InetSocketAddress("127.0.0.1", port), 10_000);
        plain.setSoTimeout(30_000);
        SSLSocket socket = (SSLSocket) tls.getSocketFactory().createSocket(plain, "localhost", port, true);
        socket.startHandshake();
        return socket;
    }

    Answer get(String operation) throws IOException {
        return send("GET", operation, new byte[0]);
    }

    Answer post(String operation, byte[] csr, String... headers) throws IOException {
        return send("POST", operation, Base64.getMimeEncoder().encode(csr), headers);
    }

    Answer enrol(String id, String token, byte[] csr) throws IOException {
        return post("simpleenroll", csr, basic(id, token));
    }

    static String basic(String id, String token) {
        return "Authorization: Basic "
                + Base64.getEncoder().encodeToString((id + ":" + token).getBytes(StandardCharsets.UTF_8));
    }

    Answer send(String method, String operation, byte[] body, String... headers) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(method + " /.well-known/est/" + operation + " HTTP/1.1");
        lines.add("Host: localhost");
        if (List.of(headers).stream().noneMatch(header -> header.startsWith("Content-Type"))) {
            lines.add("Content-Type: application/pkcs10");
        }
        lines.add("Content-Transfer-Encoding: base64");
        lines.add("Content-Length: " + body.length);
        lines.addAll(List.of(headers));
        try (SSLSocket socket = connect()) {
            OutputStream out = socket.getOutputStream();
            out.write((String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            out.flush();
            try {
                out.write(body);
                out.flush();
            } catch (IOException e) {
                // it has its answer before it said all; that is there to be read
            }
            return read(socket);
        }
    }

    static Answer read(SSLSocket socket) throws IOException {
        String text = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            throw new IOException("no answer: " + text);
        }
        String head = text.substring(0, end);
        return new Answer(Integer.parseInt(head.split(" ")[1]), head, text.substring(end + 4));
    }
}
