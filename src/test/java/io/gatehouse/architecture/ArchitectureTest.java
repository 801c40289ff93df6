package io.gatehouse.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The walls of the house: rooms, floors, third parties and capabilities. */
class ArchitectureTest {
    private static final String ROOT = "io.gatehouse";

    /** A room may import rooms of a lower floor only. The root package (the composition) is floor 8. */
    private static final Map<String, Integer> FLOORS = Map.ofEntries(
            Map.entry("protocol", 0),
            Map.entry("bounds", 0),
            Map.entry("json", 0),
            Map.entry("pki", 0),
            Map.entry("config", -1),
            Map.entry("metrics", 0),
            Map.entry("codec", 1),
            Map.entry("topic", 1),
            Map.entry("tls", 1),
            Map.entry("audit", 1),
            Map.entry("store", 1),
            Map.entry("authn", 2),
            Map.entry("policy", 3),
            Map.entry("session", 4),
            Map.entry("routing", 5),
            Map.entry("connection", 6),
            Map.entry("transport", 7),
            Map.entry("admin", 7),
            Map.entry("enrolment", 7),
            Map.entry("migration", 7),
            Map.entry("", 8),
            Map.entry("cli", 9));

    /** Which room may import which library; a library that is not listed may be imported nowhere. */
    private static final Map<String, Set<String>> LIBRARIES = Map.ofEntries(
            Map.entry("com.fasterxml.jackson", Set.of("json")),
            Map.entry("org.yaml.snakeyaml", Set.of("config")),
            Map.entry("org.bouncycastle", Set.of("pki", "authn")),
            Map.entry("org.conscrypt", Set.of("pki")),
            Map.entry("com.nimbusds", Set.of("authn")),
            Map.entry("io.prometheus", Set.of("metrics")),
            Map.entry("org.rocksdb", Set.of("store")),
            Map.entry("picocli", Set.of("cli")),
            Map.entry("me.tongfei.progressbar", Set.of("cli")),
            Map.entry("ch.qos.logback", Set.of("cli")),
            Map.entry("io.netty.buffer", Set.of("codec", "tls", "transport", "admin", "enrolment")),
            Map.entry("io.netty.util", Set.of("codec", "tls", "transport", "admin", "enrolment")),
            Map.entry("io.netty.handler.ssl", Set.of("tls", "transport", "admin", "enrolment")),
            Map.entry("io.netty.internal.tcnative", Set.of("tls")),
            Map.entry("io.netty", Set.of("transport", "admin", "enrolment")),
            Map.entry(
                    "org.slf4j",
                    Set.of(
                            "tls",
                            "store",
                            "authn",
                            "session",
                            "routing",
                            "connection",
                            "transport",
                            "admin",
                            "enrolment",
                            "",
                            "cli")),
            Map.entry("org.jspecify", FLOORS.keySet()),
            Map.entry("java", FLOORS.keySet()),
            Map.entry("javax.crypto", FLOORS.keySet()),
            Map.entry("javax.net.ssl", Set.of("enrolment", "tls", "authn", "transport", "admin", "pki", "cli")),
            Map.entry("javax.security.auth", FLOORS.keySet()));

    private static final JavaClasses HOUSE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);

    @Test
    void house_isSeenWhole() {
        // A rule over no classes passes; this one would not.
        assertThat(HOUSE.size()).isGreaterThan(10);
        assertThat(HOUSE.stream().map(ArchitectureTest::room)).allMatch(FLOORS::containsKey);
    }

    @Test
    void rooms_importLowerFloorsOnly() {
        check(classes().should(importLowerFloorsOnly()));
    }

    @Test
    void rooms_haveNoCycles() {
        check(SlicesRuleDefinition.slices().matching(ROOT + ".(*)..").should().beFreeOfCycles());
    }

    @Test
    void thirdParties_stayInTheirRooms() {
        check(classes().should(importOnlyItsLibraries()));
    }

    @Test
    void principals_areMadeByAuthnOnly() {
        capability("authn.Principal", "authn");
    }

    @Test
    void peers_areMadeByTheHandshakeOnly() {
        capability("tls.Peer", "tls");
    }

    @Test
    void authorizations_areMadeByPolicyOnly() {
        for (String name : List.of("AuthorizedConnect", "AuthorizedPublish", "AuthorizedSubscription")) {
            capability("policy." + name, "policy");
        }
    }

    @Test
    void recoveredPrincipals_areMadeByTheStoreOnly() {
        capability("store.RecoveredPrincipal", "store");
    }

    @Test
    void restoring_isForTheSessionsRoomOnly() {
        for (String door : List.of("authn.PrincipalRecords", "policy.Authorizer")) {
            check(noClasses()
                    .that()
                    .resideOutsideOfPackage(ROOT + ".session")
                    .should()
                    .callMethodWhere(DescribedPredicate.describe(
                            door + ".restore",
                            call -> call.getTarget().getName().equals("restore")
                                    && call.getTargetOwner().getName().equals(ROOT + "." + door))));
        }
    }

    @Test
    void routing_takesNoRawPacket() {
        DescribedPredicate<List<JavaClass>> aPacket = DescribedPredicate.describe(
                "a packet", types -> types.stream().anyMatch(t -> t.isAssignableTo(ROOT + ".protocol.Packet")));
        check(noMethods()
                .that()
                .areDeclaredInClassesThat()
                .resideInAPackage(ROOT + ".routing..")
                .and()
                .arePublic()
                .should()
                .haveRawParameterTypes(aPacket));
    }

    @Test
    void standardStreamsAndExit_areForTheCommandLine() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".cli..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Throwable.class, "printStackTrace"));
    }

    @Test
    void staticState_isFinal() {
        check(fields().that().areStatic().and(areWritten()).should().beFinal());
    }

    @Test
    void sleep_isNowhere() {
        check(noClasses().should().callMethod(Thread.class, "sleep", long.class));
    }

    @Test
    void packages_areNullMarked() throws IOException {
        Path sources = Path.of("src/main/java");
        try (Stream<Path> files = Files.walk(sources)) {
            List<Path> unmarked = files.filter(Files::isDirectory)
                    .filter(ArchitectureTest::holdsClasses)
                    .filter(directory -> !marked(directory.resolve("package-info.java")))
                    .toList();
            assertThat(unmarked).isEmpty();
        }
    }

    private static void capability(String className, String room) {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + "." + room)
                .should()
                .callConstructorWhere(DescribedPredicate.describe(
                        "of " + className,
                        call -> call.getTargetOwner().getName().equals(ROOT + "." + className))));
        if (HOUSE.contain(ROOT + "." + className)) {
            JavaClass capability = HOUSE.get(ROOT + "." + className);
            assertThat(capability.getModifiers()).contains(JavaModifier.FINAL);
            assertThat(capability.getConstructors())
                    .noneMatch(constructor -> constructor.getModifiers().contains(JavaModifier.PUBLIC));
        }
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(HOUSE);
    }

    private static DescribedPredicate<JavaField> areWritten() {
        return DescribedPredicate.describe(
                "are written in source", field -> !field.getName().startsWith("$"));
    }

    private static ArchCondition<JavaClass> importLowerFloorsOnly() {
        return new ArchCondition<>("import rooms of a lower floor only") {
            @Override
            public void check(JavaClass item, ConditionEvents events) {
                String room = room(item);
                item.getDirectDependenciesFromSelf().stream()
                        .filter(dependency ->
                                dependency.getTargetClass().getName().startsWith(ROOT + "."))
                        .filter(dependency -> !room(dependency.getTargetClass()).equals(room))
                        .filter(dependency ->
                                FLOORS.get(room(dependency.getTargetClass())) >= FLOORS.getOrDefault(room, -1))
                        .forEach(dependency ->
                                events.add(SimpleConditionEvent.violated(item, dependency.getDescription())));
            }
        };
    }

    private static ArchCondition<JavaClass> importOnlyItsLibraries() {
        Map<String, Set<String>> longestFirst =
                new TreeMap<>((a, b) -> a.length() != b.length() ? b.length() - a.length() : a.compareTo(b));
        longestFirst.putAll(LIBRARIES);
        return new ArchCondition<>("import only the libraries of its room") {
            @Override
            public void check(JavaClass item, ConditionEvents events) {
                item.getDirectDependenciesFromSelf().stream()
                        .filter(dependency -> !dependency
                                .getTargetClass()
                                .getBaseComponentType()
                                .isPrimitive())
                        .filter(dependency -> !allowed(
                                room(item),
                                dependency
                                        .getTargetClass()
                                        .getBaseComponentType()
                                        .getName()))
                        .forEach(dependency ->
                                events.add(SimpleConditionEvent.violated(item, dependency.getDescription())));
            }

            private boolean allowed(String room, String target) {
                return target.startsWith(ROOT + ".")
                        || longestFirst.entrySet().stream()
                                .filter(library -> target.startsWith(library.getKey() + "."))
                                .findFirst()
                                .map(library -> library.getValue().contains(room))
                                .orElse(false);
            }
        };
    }

    /** The first package segment below the root; empty for the root itself. */
    private static String room(JavaClass type) {
        String rest = type.getPackageName().substring(ROOT.length());
        if (rest.isEmpty()) {
            return "";
        }
        String path = rest.substring(1);
        int dot = path.indexOf('.');
        return dot < 0 ? path : path.substring(0, dot);
    }

    private static boolean holdsClasses(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.anyMatch(file -> file.toString().endsWith(".java"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static boolean marked(Path packageInfo) {
        try {
            return Files.exists(packageInfo) && Files.readString(packageInfo).contains("@NullMarked");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
