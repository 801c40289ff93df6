# Sourced by the scripts beside it: compiles the product and bench/src, and sets bench_classpath.
# Classes go to a folder of their own, so that an ordinary build never sees them.
mvn -B -ntp -q -Dquick -Pbench compile dependency:build-classpath \
  -Dmdep.includeScope=test -Dmdep.outputFile=target/bench.classpath
bench_classpath="target/bench-classes:target/classes:$(cat target/bench.classpath)"
rm -rf target/bench-classes
mkdir -p target/bench-classes
find bench/src/java -name '*.java' -print0 |
  xargs -0 javac --release 17 -parameters -d target/bench-classes -cp "$bench_classpath"
