package io.gatehouse;

import io.gatehouse.codec.CodecLimits;
import io.gatehouse.config.Configuration;
import io.gatehouse.connection.ClientLimits;
import io.gatehouse.routing.RouterLimits;
import io.gatehouse.session.SessionLimits;
import io.gatehouse.transport.Admission;

/** The limits of the configuration, each for the room it concerns. */
final class ConfiguredLimits {
    private final Configuration configuration;

    ConfiguredLimits(Configuration configuration) {
        this.configuration = configuration;
    }

    CodecLimits codecLimits() {
        Configuration.Limits limits = configuration.limits();
        return new CodecLimits(
                (int) limits.maxPacketBytes(),
                (int) limits.maxPacketBeforeLoginBytes(),
                limits.maxTopicLevels(),
                limits.maxTopicBytes(),
                limits.maxUserProperties(),
                (int) limits.maxUserPropertyBytes(),
                limits.maxFiltersPerSubscribe());
    }

    ClientLimits clientLimits() {
        Configuration.Limits limits = configuration.limits();
        return new ClientLimits(
                limits.maxPacketBytes(),
                limits.receiveMaximum(),
                limits.maxTopicAliases(),
                limits.maxSubscriptionsPerClient(),
                limits.maxConnectionsPerUser(),
                limits.publishesPerSecondPerClient(),
                limits.maxKeepAlive(),
                configuration.sessions().maxExpiry(),
                64);
    }

    SessionLimits sessionLimits() {
        Configuration.Sessions sessions = configuration.sessions();
        return new SessionLimits(
                sessions.maxQueued(),
                sessions.maxQueuedBytes(),
                sessions.maxInflight(),
                configuration.limits().maxQueuedBytesTotal());
    }

    RouterLimits routerLimits() {
        return new RouterLimits(
                configuration.limits().maxRetainedMessages(),
                configuration.limits().maxRetainedBytes());
    }

    Admission.Limits admissionLimits() {
        Configuration.Limits limits = configuration.limits();
        return new Admission.Limits(
                limits.maxConnections(),
                limits.maxConnectionsPerAddress(),
                limits.connectsPerSecond(),
                limits.connectsPerSecondPerAddress(),
                limits.maxHandshakes(),
                limits.maxHandshakesPerAddress(),
                limits.memoryBeforeLoginBytes(),
                new Admission.Penalty(
                        limits.penalty().after(),
                        limits.penalty().first(),
                        limits.penalty().longest(),
                        limits.penalty().exempt()));
    }
}
