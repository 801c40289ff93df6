package io.gatehouse.transport;

import io.gatehouse.audit.AuditLog;
import io.gatehouse.codec.CodecLimits;
import io.gatehouse.codec.PacketDecoder;
import io.gatehouse.config.Configuration.Listener;
import io.gatehouse.connection.Dialogue;
import io.gatehouse.connection.Wire;
import io.gatehouse.metrics.Metrics;
import io.gatehouse.tls.Handshake;
import io.gatehouse.tls.KeyExchange;
import io.gatehouse.tls.Peer;
import io.gatehouse.tls.ServerNames;
import io.gatehouse.tls.TlsContext;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One door: a bound port, and what a connection goes through behind it. Any thread.
 *
 * <p>A pipeline is TLS and nothing else until the handshake ends; the handlers of MQTT are added when there is a {@link
 * Peer}. Handshake and CONNECT have one deadline, and a connection that misses it is closed without a word.
 */
public final class MqttListener implements AutoCloseable {
    private static final int MAX_HTTP_BYTES = 8 << 10;
    private static final int BACKLOG = 1024;

    private final Listener settings;
    private final Optional<ServerNames> tls;
    private final Function<? super Wire, ? extends Dialogue> gate;
    private final Shared shared;
    private final Refusals refusals;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger handshakes = new AtomicInteger();
    private @Nullable Channel channel;

    /** What all listeners of a broker have in common. */
    public record Shared(
            EventLoops loops,
            Admission admission,
            CodecLimits codecLimits,
            Duration connectTimeout,
            Metrics metrics,
            AuditLog audit) {}

    /**
     * @param tls empty only for a listener whose settings acknowledge plaintext
     * @param gate begins the dialogue of every connection
     */
    public MqttListener(
            Listener settings,
            Optional<ServerNames> tls,
            Function<? super Wire, ? extends Dialogue> gate,
            Shared shared) {
        if (tls.isEmpty() && settings.insecureAcknowledgement().isEmpty()) {
            throw new IllegalArgumentException("a listener without TLS needs its acknowledgement");
        }
        this.settings = settings;
        this.tls = tls;
        this.gate = gate;
        this.shared = shared;
        this.refusals = new Refusals(shared.metrics(), shared.audit());
    }

    /**
     * Binds the port.
     *
     * @throws IOException if it is taken, or the address is not this machine's
     */
    public void start() throws IOException {
        InetSocketAddress address = settings.bind().equals("*")
                ? new InetSocketAddress(settings.port())
                : new InetSocketAddress(InetAddress.getByName(settings.bind()), settings.port());
        ChannelFuture bound = new ServerBootstrap()
                .group(shared.loops().acceptors(), shared.loops().workers())
                .channel(shared.loops().channelType())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(256 << 10, 1 << 20))
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
            throw new IOException(
                    "listener \"" + settings.name() + "\" cannot bind " + address + ": " + why.getMessage(), why);
        }
        channel = bound.channel();
    }

    private void accept(SocketChannel accepted) {
        InetSocketAddress address = accepted.remoteAddress();
        shared.metrics().connectionsAccepted.increment();
        if (address == null) {
            Hangup.on(accepted);
            return;
        }
        if (open.incrementAndGet() > settings.maxConnections()) {
            open.decrementAndGet();
            refuse(accepted, address, "CONNECTIONS_OF_LISTENER");
            return;
        }
        Admission.Answer answer = shared.admission().enter(address, tls.isPresent() ? handshakes : null);
        if (!(answer instanceof Admission.Place place)) {
            open.decrementAndGet();
            refuse(accepted, address, answer.toString());
            return;
        }
        BeforeLogin visit = new BeforeLogin(
                accepted, address, place, shared.codecLimits().maxPacketBeforeLoginBytes(), shared.metrics());
        accepted.closeFuture().addListener(closed -> open.decrementAndGet());
        visit.limit(shared.connectTimeout());
        accepted.pipeline().addLast("before-login", visit);
        ChannelPipeline pipeline = accepted.pipeline();
        if (tls.isPresent()) {
            pipeline.addLast("tls-only", new TlsOnly(() -> failed(visit)));
            pipeline.addLast(
                    "hello",
                    new HelloDoor(this, visit, tls.get(), (channel, chosen) -> secure(channel, chosen, visit)));
        } else {
            Peer peer = Handshake.plaintext(settings.insecureAcknowledgement().orElse(""), address);
            pipeline.addLast("plaintext", new io.netty.channel.ChannelInboundHandlerAdapter() {
                @Override
                public void channelActive(ChannelHandlerContext context) {
                    greet(context, peer, visit);
                }
            });
        }
    }

    /** It is known which server is meant: its engine takes the place of whoever found out. */
    private void secure(ChannelHandlerContext context, TlsContext chosen, BeforeLogin visit) {
        ChannelPipeline pipeline = context.pipeline();
        SslHandler handler = chosen.newHandler(context.alloc());
        handler.setHandshakeTimeout(0, TimeUnit.MILLISECONDS); // one deadline is for handshake and CONNECT
        handler.setCloseNotifyFlushTimeout(1, TimeUnit.SECONDS);
        KeyExchange exchange = new KeyExchange();
        pipeline.addBefore(context.name(), "key-exchange", new KeyExchangeWatch(exchange));
        pipeline.addBefore(context.name(), "client-proof", new ClientProofDoor());
        pipeline.addAfter(context.name(), "handshake", new HandshakeHandler(this, visit, chosen, (channel, peer) -> {
            shared.metrics().handshakes.increment(name(), peer.protocol(), peer.cipher(), exchange.group());
            greet(channel, peer, visit);
        }));
        pipeline.replace(context.handler(), "tls", handler);
    }

    /** A client failed by its own doing before it was in: its address may have to wait from now on. */
    void failed(BeforeLogin visit) {
        Duration shutOut = visit.failed();
        if (shutOut != null) {
            refusals.tellShutOut(name(), visit.address(), shutOut);
        }
    }

    /** Over a limit: closed before anything is read. */
    private void refuse(SocketChannel accepted, InetSocketAddress address, String limit) {
        Hangup.on(accepted);
        shared.metrics().connectionsRefused.increment();
        refusals.tellLimit(name(), address, limit);
    }

    /** There is a peer: adds the handlers of MQTT, behind those of WebSocket where the listener speaks it. */
    private void greet(ChannelHandlerContext context, Peer peer, BeforeLogin visit) {
        visit.shaken();
        Channel accepted = context.channel();
        ChannelPipeline pipeline = accepted.pipeline();
        PacketDecoder decoder = new PacketDecoder(shared.codecLimits());
        ChannelOutbound wire = new ChannelOutbound(accepted, peer, settings.name(), shared.metrics(), () -> {
            decoder.admit();
            visit.end();
        });
        Dialogue dialogue = gate.apply(wire);
        settings.websocket().ifPresent(websocket -> {
            pipeline.addLast("http", new HttpServerCodec());
            pipeline.addLast("http-whole", new HttpObjectAggregator(MAX_HTTP_BYTES));
            pipeline.addLast("websocket-door", new WebSocketDoor(websocket));
            pipeline.addLast(
                    "websocket",
                    new WebSocketServerProtocolHandler(WebSocketServerProtocolConfig.newBuilder()
                            .websocketPath(websocket.path())
                            .checkStartsWith(true)
                            .subprotocols("mqtt,mqttv3.1")
                            .maxFramePayloadLength(shared.codecLimits().maxPacketBytes())
                            .handshakeTimeoutMillis(shared.connectTimeout().toMillis())
                            .dropPongFrames(true)
                            .build()));
            pipeline.addLast("frames", new WebSocketFrames());
        });
        pipeline.addLast("mqtt", new MqttHandler(decoder, wire, dialogue, () -> failed(visit), shared.metrics()));
        pipeline.remove(context.handler());
    }

    /** The port that is bound: what the settings say, or the one that was free. */
    public int port() {
        Channel bound = channel;
        return bound == null ? settings.port() : ((InetSocketAddress) bound.localAddress()).getPort();
    }

    public String name() {
        return settings.name();
    }

    Refusals refusals() {
        return refusals;
    }

    /** Stops accepting; connections that are up are their dialogues' to end. */
    @Override
    public void close() {
        Channel bound = channel;
        if (bound != null) {
            bound.close().syncUninterruptibly();
        }
    }
}
