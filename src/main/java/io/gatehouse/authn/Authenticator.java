package io.gatehouse.authn;

import java.util.concurrent.CompletionStage;

/**
 * Decides who is connecting.
 *
 * <p>Called on an event loop and never blocks it: key derivation and key-set fetches run elsewhere and complete the
 * stage. The stage always completes normally; a backend that fails is a {@link Authentication.Rejected} with 0x88.
 */
@FunctionalInterface
public interface Authenticator {
    CompletionStage<Authentication> authenticate(Credentials credentials);
}
