package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static io.gatehouse.cli.CertsCalls.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** URIs and groups that are said of a holder: they last, and no holder gets the URI of another. */
class CertsLabelsTest {
    @TempDir
    private static Path temp;

    private static Path pki;

    @BeforeAll
    static void anAuthority() throws Exception {
        pki = CertsCalls.authority(temp.resolve("pki"));
        done("device", "named", "--san-uri", "urn:dev:org:32473-named", "--group", "hall A", "-d", pki);
    }

    private static String uri(Path certificate) throws Exception {
        String names = run(0, "openssl", "x509", "-in", certificate, "-noout", "-ext", "subjectAltName");
        return names.substring(names.indexOf("URI:") + 4).strip();
    }

    private static Path table(String name, String text) throws Exception {
        return Files.writeString(temp.resolve(name + ".csv"), text);
    }

    @Test
    void batch_withUrisAndGroups_putsThemWhereTheyBelong() throws Exception {
        Path out = temp.resolve("fleet");
        done("batch", table("fleet", """
                        id,san_uri,group,validity
                        a-1,urn:dev:org:32473-a1,Halle Süd,30d
                        a-2,,Halle Süd,
                        a-3,spiffe://acme.example/a/3,,1y
                        """), "-o", out, "-d", pki);
        assertThat(uri(out.resolve("a-1/cert.pem"))).isEqualTo("urn:dev:org:32473-a1");
        assertThat(uri(out.resolve("a-2/cert.pem"))).isEqualTo("urn:gatehouse:device:a-2");
        assertThat(uri(out.resolve("a-3/cert.pem"))).isEqualTo("spiffe://acme.example/a/3");
        assertThat(done("list", "--where", "group=Halle Süd", "--csv", "-d", pki)
                        .lines())
                .hasSize(3)
                .satisfies(lines -> assertThat(lines.subList(1, 3)).allMatch(line -> line.endsWith(",Halle Süd")));
        assertThat(done("list", "--where", "group~Halle*", "--where", "id=a-1", "--json", "-d", pki))
                .contains("\"group\":\"Halle Süd\"");
        assertThat(done("list", "--where", "group=", "--where", "id=a-3", "-d", pki))
                .contains("1 certificate");
        assertThat(done("audit", "export", "-d", pki))
                .contains("\"action\":\"uri\"", "\"action\":\"group\"", "\"detail\":\"urn:dev:org:32473-a1\"");
        assertThat(done("lint", "--all", "-d", pki)).contains("rules are kept");
        done("audit", "verify", "-d", pki);
    }

    @Test
    void renewal_ofOneWithAUri_keepsIt() throws Exception {
        done("renew", "named", "-d", pki);
        assertThat(uri(pki.resolve("out/named/cert.pem"))).isEqualTo("urn:dev:org:32473-named");
        done("device", "named", "--replace", "-d", pki);
        assertThat(uri(pki.resolve("out/named/cert.pem"))).isEqualTo("urn:dev:org:32473-named");
        // its group is that of all its certificates, said once
        assertThat(done("list", "--where", "group=hall A", "-d", pki)).contains("named");
        assertThat(done("audit", "export", "-d", pki).lines().filter(line -> line.contains("hall A")))
                .hasSize(1);
        done("device", "named", "--replace", "--group", "hall B", "-d", pki);
        assertThat(done("list", "--where", "group=hall A", "-d", pki)).startsWith("0 ");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            urn:gatehouse:device:pump            | 4 | is that of "pump" by this authority's template
            urn:gatehouse:administrator:thief    | 4 | is that of "thief" by this authority's template
            urn:gatehouse:idevid:thief           | 4 | is that of "thief" by this authority's template
            urn:dev:org:32473-named              | 4 | belongs to "named" already
            pump                                 | 3 | is not an absolute URI
            urn:x y                              | 3 | is not an absolute URI
            urn:x"y                              | 3 | is not an absolute URI
            """)
    void device_withTheUriOfAnother_isRefused(String uri, int exitCode, String why) throws Exception {
        String before = done("list", "-d", pki);
        CertsCalls.Answer refused = certs("device", "thief", "--san-uri", uri, "-d", pki);
        assertThat(refused.exitCode()).as(refused.err()).isEqualTo(exitCode);
        assertThat(refused.err()).startsWith("certs: error[").contains(why);
        CertsCalls.Answer fleet = certs(
                "batch",
                table("thief", "id,san_uri\nthief,\"" + uri.replace("\"", "\"\"") + "\"\n"),
                "-o",
                temp.resolve("thief"),
                "-d",
                pki);
        assertThat(fleet.exitCode()).as(fleet.err()).isEqualTo(3);
        assertThat(fleet.err()).contains(why, "nothing was issued");
        assertThat(done("list", "-d", pki)).isEqualTo(before);
    }

    @Test
    void batch_oneUriTwice_isRefusedWithBothLines() throws Exception {
        CertsCalls.Answer refused = certs(
                "batch",
                table(
                        "twice",
                        "id,san_uri,group,validity,validity_days\nt-1,urn:t:1,,,\nt-2,urn:t:1,,,\nt-3,,=cmd,,\nt-4,,,1d,1\n"),
                "-o",
                temp.resolve("twice"),
                "-d",
                pki);
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err())
                .contains(
                        ":3: the san_uri urn:t:1 is on line 2 already",
                        ":4: \"=cmd\" cannot be a group",
                        ":5: validity and");
        assertThat(List.of(temp.resolve("twice").toFile().exists())).containsExactly(false);
    }

    @Test
    void init_withATemplateOfTwoPlaces_knowsTheUrisOfOthersToo() {
        Path other = temp.resolve("other");
        done("init", "--generate-passphrase", "--san-uri", "urn:x:{id}:{profile}:{id}", "-d", other);
        assertThat(certs("device", "a", "--san-uri", "urn:x:b:device:b", "-d", other)
                        .err())
                .contains("is that of \"b\"");
        done("device", "a", "--san-uri", "urn:x:b:device:c", "-d", other);
    }
}
