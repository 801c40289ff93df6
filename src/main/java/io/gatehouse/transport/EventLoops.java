package io.gatehouse.transport;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The threads that connections live on: epoll where the platform has it, else NIO. Any thread. */
public final class EventLoops implements AutoCloseable {
    private final EventLoopGroup acceptors;
    private final EventLoopGroup workers;
    private final Class<? extends ServerChannel> channelType;

    /** @param threads 0: one a core */
    public EventLoops(int threads) {
        boolean epoll = Epoll.isAvailable();
        IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        this.acceptors = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("gatehouse-accept"), io);
        this.workers = new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory("gatehouse-io"), io);
        this.channelType = epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    EventLoopGroup acceptors() {
        return acceptors;
    }

    EventLoopGroup workers() {
        return workers;
    }

    Class<? extends ServerChannel> channelType() {
        return channelType;
    }

    /**
     * Waits until every connection's thread has finished what it was doing, and has taken over what others handed to it
     * meanwhile. Never called on one of them.
     *
     * @return false if one did not within the time
     */
    public boolean settle(Duration atMost) {
        long deadline = System.nanoTime() + atMost.toNanos();
        // twice: what a thread decided before the first round may have been handed to another, which takes it in the
        // second
        for (int round = 0; round < 2; round++) {
            if (workers.isShuttingDown()) {
                return false;
            }
            List<Future<?>> turns = new ArrayList<>();
            workers.forEach(loop -> turns.add(loop.submit(() -> {})));
            for (Future<?> turn : turns) {
                if (!turn.awaitUninterruptibly(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    public void close() {
        acceptors.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
        workers.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
