package io.gatehouse.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import java.io.File;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * The bill of materials in the jar is that of what is built: every library in it is the file that is used, and every
 * dependency that is declared is in it. What fails is mended by {@code scripts/sbom}.
 */
class SbomTest {
    private static final String MEND = "run scripts/sbom";

    private static Map<String, Object> sbom() throws Exception {
        try (InputStream in = SbomTest.class.getResourceAsStream("/META-INF/sbom/gatehouse.cdx.json")) {
            return Json.object(new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static List<Map<?, ?>> components() throws Exception {
        List<Map<?, ?>> all = new ArrayList<>();
        ((List<?>) Objects.requireNonNull(sbom().get("components"))).forEach(one -> all.add((Map<?, ?>) one));
        return all;
    }

    /** The files that this test runs with, by their names. */
    private static Map<String, Path> libraries() {
        Map<String, Path> files = new TreeMap<>();
        String path = Objects.requireNonNullElse(
                System.getProperty("surefire.test.class.path"), System.getProperty("java.class.path"));
        Arrays.stream(path.split(File.pathSeparator))
                .map(Path::of)
                .filter(file -> file.toString().endsWith(".jar"))
                .forEach(file -> files.put(String.valueOf(file.getFileName()), file));
        return files;
    }

    private static String file(Map<?, ?> component) {
        Matcher classifier = Pattern.compile("[?&]classifier=([^&]+)").matcher(String.valueOf(component.get("purl")));
        return component.get("name") + "-" + component.get("version")
                + (classifier.find() ? "-" + classifier.group(1) : "") + ".jar";
    }

    @Test
    void components_areTheFilesThatAreUsed_withTheirLicences() throws Exception {
        assertThat(sbom()).containsEntry("bomFormat", "CycloneDX").containsEntry("specVersion", "1.6");
        Map<String, Path> libraries = libraries();
        List<Map<?, ?>> components = components();
        assertThat(components).hasSizeGreaterThan(30);
        for (Map<?, ?> component : components) {
            String name = file(component);
            assertThat(libraries).as(MEND).containsKey(name);
            byte[] bytes = Files.readAllBytes(Objects.requireNonNull(libraries.get(name)));
            String hash = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
            assertThat(String.valueOf(component.get("hashes")))
                    .as(name + ": " + MEND)
                    .contains("SHA-256", hash);
            assertThat((List<?>) component.get("licenses")).as(name).isNotEmpty();
        }
    }

    @Test
    void dependencies_thatAreDeclared_areInIt() throws Exception {
        List<String> known = components().stream()
                .map(component -> component.get("group") + ":" + component.get("name"))
                .toList();
        List<String> declared = declared();
        assertThat(declared).hasSizeGreaterThan(15);
        assertThat(known).as(MEND).containsAll(declared);
    }

    @Test
    void version_isTheProjects() throws Exception {
        Matcher version = Pattern.compile("<artifactId>gatehouse</artifactId>\\s*<version>([^<]+)</version>")
                .matcher(Files.readString(Path.of("pom.xml")));
        assertThat(version.find()).isTrue();
        assertThat(String.valueOf(sbom().get("metadata"))).as(MEND).contains("version=" + version.group(1));
    }

    /** What {@code pom.xml} declares for more than tests. */
    private static List<String> declared() throws Exception {
        List<String> all = new ArrayList<>();
        Element project = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new File("pom.xml"))
                .getDocumentElement();
        for (Node section = project.getFirstChild(); section != null; section = section.getNextSibling()) {
            if (section instanceof Element element && element.getTagName().equals("dependencies")) {
                NodeList dependencies = element.getElementsByTagName("dependency");
                for (int i = 0; i < dependencies.getLength(); i++) {
                    Element one = (Element) dependencies.item(i);
                    if (!text(one, "scope").equals("test")
                            && !text(one, "scope").equals("provided")) {
                        all.add(text(one, "groupId") + ":" + text(one, "artifactId"));
                    }
                }
            }
        }
        return all;
    }

    private static String text(Element element, String tag) {
        NodeList found = element.getElementsByTagName(tag);
        return found.getLength() == 0 ? "" : found.item(0).getTextContent();
    }
}
