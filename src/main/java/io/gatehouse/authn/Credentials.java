package io.gatehouse.authn;

import io.gatehouse.protocol.Secret;
import io.gatehouse.tls.Peer;
import org.jspecify.annotations.Nullable;

/**
 * What a client presented.
 *
 * @param listener the listener's name
 * @param clientId as the client sent it; may be empty
 * @param authenticationMethod of an MQTT 5.0 CONNECT or AUTH; null where absent
 */
public record Credentials(
        String listener,
        Peer peer,
        String clientId,
        @Nullable String userName,
        @Nullable Secret password,
        @Nullable String authenticationMethod,
        @Nullable Secret authenticationData) {}
