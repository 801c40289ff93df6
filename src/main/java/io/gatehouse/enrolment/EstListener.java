package io.gatehouse.enrolment;

import io.gatehouse.connection.Porter;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.tls.EnrolmentTls;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * EST over HTTPS (RFC 7030): a bound port with an event loop of its own, so that no storm of enrolments takes time from
 * the clients of the broker. Any thread.
 *
 * <p>One request a connection, small, soon, and seldom: everything beyond is refused before it costs anything.
 */
public final class EstListener implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EstListener.class);
    private static final int MAX_OPEN = 256;
    private static final int MAX_LINE_BYTES = 1024;
    private static final int MAX_HEADER_BYTES = 8192;
    private static final int MAX_BODY_BYTES = 64 << 10;
    private static final int HANDSHAKE_SECONDS = 5;
    private static final int REQUEST_SECONDS = 5;
    /** Handshake, request, and what the registrar takes. */
    private static final int WHOLE_SECONDS = 40;

    private final EnrolmentTls tls;
    private final EnrolmentDesk desk;
    private final Porter porter;
    private final RequestRate connections = new RequestRate(5, 30, System::nanoTime);
    private final RequestRate requests = new RequestRate(1, 10, System::nanoTime);
    private final AtomicInteger open = new AtomicInteger();
    private final EventLoopGroup loop =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("gatehouse-est"), NioIoHandler.newFactory());
    private @Nullable Channel channel;

    /** @param porter keeps the same addresses out as at the doors of MQTT */
    public EstListener(EnrolmentTls tls, EnrolmentDesk desk, Porter porter) {
        this.tls = tls;
        this.desk = desk;
        this.porter = porter;
    }

    /**
     * Binds the port.
     *
     * @param bind an address, or {@code *} for all
     * @throws IOException if it is taken, or the address is not this machine's
     */
    public void start(String bind, int port) throws IOException {
        InetSocketAddress address = bind.equals("*")
                ? new InetSocketAddress(port)
                : new InetSocketAddress(InetAddress.getByName(bind), port);
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 128)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel accepted) {
                        accept(accepted);
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            Throwable why = bound.cause();
            throw new IOException("enrolment cannot bind " + address + ": " + why.getMessage(), why);
        }
        channel = bound.channel();
    }

    private void accept(SocketChannel accepted) {
        InetSocketAddress address = accepted.remoteAddress();
        if (address != null && porter.turnsAway(address)) {
            hangUp(accepted);
            return;
        }
        accepted.closeFuture().addListener(closed -> open.decrementAndGet());
        boolean full = open.incrementAndGet() > MAX_OPEN;
        if (full || address == null || !connections.take(address.getAddress())) {
            LOG.info("enrolment: a connection too many from {} is closed", address);
            hangUp(accepted);
            return;
        }
        Greeting greeting = new Greeting();
        accepted.pipeline().addLast("hello", new EstHello(tls, porter, address)).addLast("handshake", greeting);
        accepted.eventLoop().schedule(() -> late(accepted, greeting), HANDSHAKE_SECONDS, TimeUnit.SECONDS);
        accepted.eventLoop().schedule(() -> hangUp(accepted), WHOLE_SECONDS, TimeUnit.SECONDS);
    }

    /** Whoever has not shaken hands by now is closed without a word. */
    private static void late(Channel accepted, Greeting greeting) {
        if (accepted.pipeline().context(greeting) != null) {
            LOG.debug("enrolment: {} did not shake hands in time", accepted.remoteAddress());
            hangUp(accepted);
        }
    }

    /** At once, and not {@code closeForcibly}, which tells nobody: it would be counted as open for ever. */
    private static void hangUp(Channel accepted) {
        accepted.unsafe().close(accepted.voidPromise());
    }

    /** Waits for the end of the handshake; then there is HTTP. Confined to the connection's event loop. */
    private final class Greeting extends ChannelInboundHandlerAdapter {
        private boolean failed;

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (!(event instanceof SslHandshakeCompletionEvent completion)) {
                context.fireUserEventTriggered(event);
                return;
            }
            InetSocketAddress address =
                    (InetSocketAddress) Objects.requireNonNull(context.channel().remoteAddress());
            if (!completion.isSuccess()) {
                if (!failed) {
                    failed = true; // the engine has one more word to say at the end
                    porter.handshakeFailed(address, completion.cause());
                }
                context.close();
                return;
            }
            SslHandler handler = Objects.requireNonNull(context.pipeline().get(SslHandler.class));
            EstHandler est = new EstHandler(
                    desk,
                    porter,
                    requests,
                    address,
                    EnrolmentTls.proven(handler.engine().getSession()));
            context.pipeline()
                    .addLast("http", new HttpServerCodec(MAX_LINE_BYTES, MAX_HEADER_BYTES, 8192))
                    .addLast("http-whole", new WholeRequest(MAX_BODY_BYTES, est))
                    .addLast("est", est);
            context.channel()
                    .eventLoop()
                    .schedule(() -> est.late(context.channel()), REQUEST_SECONDS, TimeUnit.SECONDS);
            context.pipeline().remove(this);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            LOG.debug("enrolment: before the end of a handshake: {}", cause.getMessage());
            context.close();
        }
    }

    /** Whether the registrar answers: for the log at the start. */
    public void greetRegistrar() {
        try {
            LOG.info("enrolment for devices under {}", desk.authorities().get(0).getSubjectX500Principal());
        } catch (PkiProblem e) {
            LOG.warn("enrolment: the registrar does not answer yet: {}", e.getMessage());
        }
    }

    /** The port that is bound. */
    public int port() {
        Channel bound = Objects.requireNonNull(channel, "not started");
        return ((InetSocketAddress) bound.localAddress()).getPort();
    }

    @Override
    public void close() {
        Channel bound = channel;
        if (bound != null) {
            bound.close().syncUninterruptibly();
        }
        loop.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
