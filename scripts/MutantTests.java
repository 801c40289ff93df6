import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.PackageNameFilter;
import org.junit.platform.engine.support.descriptor.MethodSource;

/**
 * Runs the tests of one package, without those below it, or of one class of it, until the first that fails. Used by {@code
 * scripts/mutants}.
 */
public final class MutantTests {
    private MutantTests() {}

    public static void main(String[] args) {
        String classes = args.length > 1 ? args[1] : "[A-Za-z]+Test";
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectPackage(args[0]))
                .filters(
                        ClassNameFilter.includeClassNamePatterns(args[0].replace(".", "\\.") + "\\." + classes),
                        PackageNameFilter.includePackageNames(args[0]))
                .build();
        Launcher launcher = LauncherFactory.create();
        long[] passed = {0};
        launcher.execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
                    System.out.println("failed: " + name(test));
                    result.getThrowable().ifPresent(error -> error.printStackTrace(System.out));
                    // the first is enough: what other tests would say does not matter
                    Runtime.getRuntime().halt(1);
                }
                passed[0] += test.isTest() ? 1 : 0;
            }
        });
        System.out.println(passed[0] + " passed");
        System.exit(passed[0] > 0 ? 0 : 2);
    }

    private static String name(TestIdentifier test) {
        return test.getSource()
                .filter(MethodSource.class::isInstance)
                .map(MethodSource.class::cast)
                .map(source -> source.getClassName().replaceAll(".*\\.", "") + "." + source.getMethodName())
                .orElseGet(test::getDisplayName);
    }
}
