package io.gatehouse.migration;

/** The policy of a configuration, or of listeners, without an access list: everybody may do everything. Stateless. */
final class NoAcl {
    static final String NOTE =
            "there is no acl_file: Mosquitto allows everybody everything. The policy says the same in one role, for"
                    + " those who log in; write who needs what, and take the role away";

    private NoAcl() {}

    static String policy(AclTranslation.Defaults defaults, AclScope scope) {
        String lines = scope.defaults() ? defaults.lines() : "";
        return """
                # Made from a configuration without acl_file: everybody who logs in may do everything, as it was.
                # Write roles for what each needs, then take this one away: docs/policy.md
                version: 1
                %s
                roles:
                  %severything:
                    publish: ["#"]
                    subscribe: ["#", "$SYS/#"]
                %s
                assign:
                  - to: {%sauth: [certificate, password, jwt]}
                    roles: [%severything]

                tests:
                  - as: {user: somebody, client: client-1, auth: password%s}
                    can: [publish a/b, "subscribe #", receive $SYS/broker/uptime]
                    cannot: [publish $SYS/broker/uptime]
                """.formatted(
                        lines.isEmpty() ? "" : "\ndefaults:\n" + lines,
                        scope.prefix(),
                        scope.when(),
                        scope.condition(),
                        scope.prefix(),
                        scope.test());
    }
}
