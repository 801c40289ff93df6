# The broker in a container: not root, nothing to write to but /data.
# Build the program first: ./gatehouse --version
# BASE_IMAGE: any image with a Java 17 (or newer) runtime and a shell.
ARG BASE_IMAGE=eclipse-temurin:17-jre
FROM ${BASE_IMAGE}
COPY target/lib /opt/gatehouse/lib
COPY target/gatehouse.jar /opt/gatehouse/gatehouse.jar
# a folder that the broker's user owns, for the volume that is mounted here to begin with
RUN mkdir -p /data && chown 10001:10001 /data && chmod 700 /data
USER 10001:10001
WORKDIR /data
EXPOSE 8883 8884 8443
HEALTHCHECK --interval=10s --timeout=8s --start-period=30s --retries=3 \
  CMD ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-jar", "/opt/gatehouse/gatehouse.jar", "health", "--ca", "/data/tls/ca.pem"]
ENTRYPOINT ["java", "-XX:+UseSerialGC", "-jar", "/opt/gatehouse/gatehouse.jar"]
CMD ["run", "-c", "/data/gatehouse.yaml"]
