/**
 * Enrolment: devices get and renew their certificates over EST (RFC 7030) and over MQTT. Floor 7.
 *
 * <p>A registration authority: it knows who asks and how they proved it, keeps the rates, writes the audit record, and
 * holds no key. What is issued is the {@link io.gatehouse.pki.Registrar}'s to say.
 */
@NullMarked
package io.gatehouse.enrolment;

import org.jspecify.annotations.NullMarked;
