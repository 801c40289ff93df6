package io.gatehouse.enrolment;

import io.gatehouse.connection.Porter;
import io.gatehouse.enrolment.EnrolmentDesk.Asker;
import io.gatehouse.pki.Applicant;
import io.gatehouse.pki.CertsOnly;
import io.gatehouse.pki.EnrolmentAnswer;
import io.gatehouse.pki.EnrolmentFault;
import io.gatehouse.pki.PkiProblem;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the one request of a connection, and closes it. Confined to the connection's event loop.
 *
 * <p>What is refused is said as {@code word: sentence}, with the words of {@link EnrolmentFault}.
 */
final class EstHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(EstHandler.class);
    private static final String ROOT = "/.well-known/est/";
    private static final String REQUEST = "application/pkcs10";
    private static final String CERTIFICATES = "application/pkcs7-mime";
    /** For a certificate that is waited for, too: somebody has to look at it first. */
    private static final int RETRY_SECONDS = 60;

    private static final Base64.Encoder LINES = Base64.getMimeEncoder(76, new byte[] {'\n'});

    /** What somebody came with was no good: whoever does so again and again has to wait. */
    private static final Set<EnrolmentFault> BAD_CREDENTIALS = EnumSet.of(
            EnrolmentFault.TOKEN_REFUSED,
            EnrolmentFault.NOT_LISTED,
            EnrolmentFault.CERT_UNKNOWN,
            EnrolmentFault.CERT_REVOKED,
            EnrolmentFault.CERT_EXPIRED,
            EnrolmentFault.CERT_SUPERSEDED);

    private final EnrolmentDesk desk;
    private final Porter porter;
    private final RequestRate rate;
    private final InetSocketAddress address;
    private final List<X509Certificate> proven;

    private boolean answered;

    EstHandler(
            EnrolmentDesk desk,
            Porter porter,
            RequestRate rate,
            InetSocketAddress address,
            List<X509Certificate> proven) {
        this.desk = desk;
        this.porter = porter;
        this.rate = rate;
        this.address = address;
        this.proven = proven;
    }

    /** Who asks with HTTP Basic (RFC 7617). */
    private record Basic(String id, String token) {}

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        Channel channel = context.channel();
        if (answered) {
            return;
        }
        answered = true;
        if (!request.decoderResult().isSuccess()) {
            porter.failed(address);
            refuse(channel, HttpResponseStatus.BAD_REQUEST, "", "bad_request", "not a request this understands");
            return;
        }
        if (!rate.take(address.getAddress())) {
            refuse(channel, HttpResponseStatus.TOO_MANY_REQUESTS, "", "rate", "one request a second");
            return;
        }
        String path = request.uri();
        if (!path.startsWith(ROOT)) {
            answer(channel, HttpResponseStatus.NOT_FOUND, "text/plain", "not here\n");
            return;
        }
        switch (path.substring(ROOT.length())) {
            case "cacerts" -> get(channel, request, this::authorities);
            case "csrattrs" -> get(channel, request, this::template);
            case "simpleenroll" -> post(channel, request, this::enrol);
            case "simplereenroll" -> post(channel, request, this::renew);
            case "serverkeygen", "fullcmc" ->
                answer(
                        channel,
                        HttpResponseStatus.NOT_IMPLEMENTED,
                        "text/plain",
                        "not_implemented: a device makes its own key, and asks with simpleenroll\n");
            default -> answer(channel, HttpResponseStatus.NOT_FOUND, "text/plain", "not here\n");
        }
    }

    @FunctionalInterface
    private interface Operation {
        void run(Channel channel, FullHttpRequest request);
    }

    private void get(Channel channel, FullHttpRequest request, Operation operation) {
        only(channel, request, HttpMethod.GET, operation);
    }

    private void post(Channel channel, FullHttpRequest request, Operation operation) {
        only(channel, request, HttpMethod.POST, (asked, post) -> {
            if (isRequest(post)) {
                operation.run(asked, post);
            } else {
                refuse(
                        asked,
                        HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
                        "",
                        "content_type",
                        "the request is of another type than " + REQUEST);
            }
        });
    }

    /** Whether it says that it is a certification request, with parameters or without (RFC 7030, 4.2.1), or says nothing. */
    private static boolean isRequest(FullHttpRequest request) {
        return request.headers().getAll(HttpHeaderNames.CONTENT_TYPE).stream()
                .allMatch(type -> REQUEST.equalsIgnoreCase(type.split(";", 2)[0].strip()));
    }

    private void only(Channel channel, FullHttpRequest request, HttpMethod method, Operation operation) {
        if (request.method().equals(method)) {
            operation.run(channel, request);
        } else {
            answer(channel, HttpResponseStatus.METHOD_NOT_ALLOWED, "text/plain", "only " + method + " here\n");
        }
    }

    private void authorities(Channel channel, FullHttpRequest request) {
        look(channel, CERTIFICATES, () -> CertsOnly.of(desk.authorities()));
    }

    private void template(Channel channel, FullHttpRequest request) {
        look(channel, "application/csrattrs", desk::template);
    }

    /** Asks the registrar for what everybody may know. */
    @FunctionalInterface
    private interface Look {
        byte[] at() throws PkiProblem;
    }

    private void look(Channel channel, String type, Look look) {
        boolean taken = desk.tend(() -> {
            try {
                byte[] found = look.at();
                later(channel, () -> answer(channel, HttpResponseStatus.OK, type, base64(found)));
            } catch (PkiProblem e) {
                LOG.warn("the registrar does not answer: {}", e.getMessage());
                later(channel, () -> unavailable(channel));
            }
        });
        if (!taken) {
            unavailable(channel);
        }
    }

    private void enrol(Channel channel, FullHttpRequest request) {
        String header = request.headers().get(HttpHeaderNames.AUTHORIZATION);
        Optional<byte[]> csr = body(request);
        if (csr.isEmpty()) {
            if (header == null && proven.isEmpty()) {
                desk.refused(asker("enrol", ""), "", "unauthenticated", "neither a token nor a certificate");
                challenge(channel);
            } else {
                malformed(channel, "enrol");
            }
            return;
        }
        if (header == null) {
            Applicant applicant = new Applicant(RequestRate.network(address.getAddress()), proven);
            ask(channel, "enrol", "", registrar -> registrar.enrol(applicant, csr.get()));
            return;
        }
        Optional<Basic> basic = basic(header);
        if (basic.isEmpty()) {
            porter.failed(address);
            refuse(channel, HttpResponseStatus.UNAUTHORIZED, "", "unauthenticated", "not Basic authentication");
            return;
        }
        ask(
                channel,
                "enrol",
                basic.get().id(),
                registrar -> registrar.enrol(basic.get().id(), basic.get().token(), csr.get()));
    }

    private void renew(Channel channel, FullHttpRequest request) {
        Optional<byte[]> csr = body(request);
        if (proven.isEmpty()) {
            porter.failed(address);
            refuse(
                    channel,
                    HttpResponseStatus.FORBIDDEN,
                    "",
                    "cert_none",
                    "a device renews with the certificate it has, in the TLS handshake");
        } else if (csr.isEmpty()) {
            malformed(channel, "renew");
        } else {
            ask(channel, "renew", "", registrar -> registrar.renew(proven.get(0), csr.get()));
        }
    }

    /** Asks for a token. Clients that wait to be asked read no body here, BouncyCastle's for one. */
    private void challenge(Channel channel) {
        answer(channel, HttpResponseStatus.UNAUTHORIZED, "text/plain", "");
    }

    private void malformed(Channel channel, String action) {
        String word = EnrolmentFault.CSR_MALFORMED.word();
        refuse(channel, HttpResponseStatus.BAD_REQUEST, action, word, "the body is not base64, PEM or DER");
    }

    private void ask(
            Channel channel,
            String action,
            String name,
            java.util.function.Function<io.gatehouse.pki.Registrar, EnrolmentAnswer> question) {
        desk.ask(asker(action, name), question, answer -> later(channel, () -> tell(channel, answer)));
    }

    private Asker asker(String action, String name) {
        return new Asker(address.getAddress().getHostAddress(), "est", action, name);
    }

    private void tell(Channel channel, EnrolmentAnswer answer) {
        if (answer instanceof EnrolmentAnswer.Granted granted) {
            porter.proved(address);
            answer(
                    channel,
                    HttpResponseStatus.OK,
                    CERTIFICATES + "; smime-type=certs-only",
                    base64(CertsOnly.of(List.of(granted.certificate()))));
        } else if (answer instanceof EnrolmentAnswer.Waiting) {
            answer(channel, HttpResponseStatus.ACCEPTED, "text/plain", ""); // here, too, such clients read no body
        } else if (answer instanceof EnrolmentAnswer.Refused refused) {
            if (BAD_CREDENTIALS.contains(refused.fault())) {
                porter.failed(address);
            }
            if (refused.fault() == EnrolmentFault.UNAUTHENTICATED) {
                challenge(channel);
            } else if (refused.fault() == EnrolmentFault.UNAVAILABLE) {
                unavailable(channel); // why is for the log
            } else {
                String text = refused.fault().word() + ": " + refused.detail() + "\n";
                answer(channel, status(refused.fault()), "text/plain", text);
            }
        }
    }

    private static HttpResponseStatus status(EnrolmentFault fault) {
        return switch (fault) {
            case CSR_MALFORMED, CSR_UNPROVEN -> HttpResponseStatus.BAD_REQUEST;
            case UNAUTHENTICATED, TOKEN_REFUSED -> HttpResponseStatus.UNAUTHORIZED;
            case NOT_LISTED,
                    CERT_UNKNOWN,
                    CERT_REVOKED,
                    CERT_HELD,
                    CERT_EXPIRED,
                    CERT_SUPERSEDED,
                    APPROVAL_REFUSED,
                    NAME_MISMATCH,
                    KEY_WEAK,
                    KEY_REVOKED,
                    KEY_SAME,
                    TOO_EARLY -> HttpResponseStatus.FORBIDDEN;
            case KEY_TAKEN -> HttpResponseStatus.CONFLICT;
            case QUOTA, APPROVAL_FULL -> HttpResponseStatus.TOO_MANY_REQUESTS;
            case UNAVAILABLE -> HttpResponseStatus.SERVICE_UNAVAILABLE;
        };
    }

    private static Optional<Basic> basic(String header) {
        if (!header.regionMatches(true, 0, "Basic ", 0, 6)) {
            return Optional.empty();
        }
        try {
            String text =
                    new String(Base64.getDecoder().decode(header.substring(6).trim()), StandardCharsets.UTF_8);
            int colon = text.lastIndexOf(':'); // an id may have one, a token has none
            return colon < 1
                    ? Optional.empty()
                    : Optional.of(new Basic(text.substring(0, colon), text.substring(colon + 1)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Base64 as RFC 7030 asks for; PEM and DER are what people send. */
    private static Optional<byte[]> body(FullHttpRequest request) {
        ByteBuf content = request.content();
        byte[] bytes = ByteBufUtil.getBytes(content);
        boolean der = bytes.length > 0 && bytes[0] == 0x30 && bytes.length > 1 && (bytes[1] & 0x80) != 0;
        boolean pem = bytes.length > 0 && bytes[0] == '-';
        if (der || pem) {
            return Optional.of(bytes);
        }
        try {
            String text = new String(bytes, StandardCharsets.US_ASCII).replaceAll("\\s", "");
            return text.isEmpty()
                    ? Optional.empty()
                    : Optional.of(Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static String base64(byte[] der) {
        return LINES.encodeToString(der) + "\n";
    }

    private static void later(Channel channel, Runnable task) {
        channel.eventLoop().execute(task);
    }

    /** The request is larger than one can be. */
    void tooLarge(Channel channel) {
        if (!answered) {
            answered = true;
            refuse(
                    channel,
                    HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
                    "",
                    "too_large",
                    "more than a request can have");
        }
    }

    /** The time for the request is over. */
    void late(Channel channel) {
        if (!answered && channel.isActive()) {
            answered = true;
            refuse(channel, HttpResponseStatus.REQUEST_TIMEOUT, "", "too_slow", "the request took too long");
        }
    }

    private void unavailable(Channel channel) {
        answer(channel, HttpResponseStatus.SERVICE_UNAVAILABLE, "text/plain", "unavailable: come again later\n");
    }

    private void refuse(Channel channel, HttpResponseStatus status, String action, String word, String sentence) {
        desk.refused(asker(action.isEmpty() ? "request" : action, ""), "", word, sentence);
        answer(channel, status, "text/plain", word + ": " + sentence + "\n");
    }

    private static void answer(Channel channel, HttpResponseStatus status, String type, String text) {
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, type)
                .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
                .set(HttpHeaderNames.CONNECTION, "close");
        if (status.equals(HttpResponseStatus.OK)) {
            response.headers().set("Content-Transfer-Encoding", "base64");
        } else if (status.equals(HttpResponseStatus.UNAUTHORIZED)) {
            response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Basic realm=\"enrolment\"");
        } else if (status.equals(HttpResponseStatus.TOO_MANY_REQUESTS)
                || status.equals(HttpResponseStatus.ACCEPTED)
                || status.equals(HttpResponseStatus.SERVICE_UNAVAILABLE)) {
            response.headers().set(HttpHeaderNames.RETRY_AFTER, RETRY_SECONDS);
        } else if (status.equals(HttpResponseStatus.METHOD_NOT_ALLOWED)) {
            response.headers().set(HttpHeaderNames.ALLOW, text.contains("POST") ? "POST" : "GET");
        }
        channel.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.debug("enrolment: {} went wrong: {}", address, cause.getMessage());
        context.close();
    }
}
