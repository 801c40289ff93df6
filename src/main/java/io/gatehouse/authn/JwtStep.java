package io.gatehouse.authn;

/**
 * What came of one line of the checklist.
 *
 * @param text what was found, or why the token is refused; what it quotes of the token is escaped and cut
 */
public record JwtStep(JwtCheck check, boolean passed, String text) {}
