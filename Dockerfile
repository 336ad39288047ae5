# Praetor in the place of EdgeX Geneva's Consul container: the same volumes, ports, environment and command.
#
#   docker build -t praetor .
#   docker run --init --read-only --tmpfs /tmp -v praetor:/consul -p 8500:8500 --hostname edgex-core-consul praetor

FROM node:20-bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends make \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /praetor
# What the packages depend on comes first: a change of the sources alone does not install them anew.
COPY Makefile package.json package-lock.json .npmrc ./
COPY scripts scripts
RUN make node_modules/.installed
COPY src src
COPY web web
COPY docs/openapi.json docs/
RUN make build

FROM debian:bookworm-slim
COPY --from=build /praetor/dist/praetor /usr/local/bin/praetor
COPY LICENSE NOTICE /usr/share/doc/praetor/
# An empty volume takes the owner of the folder that it is mounted on. Through a link the program is called by the link's name.
RUN mkdir -p /consul/data /consul/config /consul/scripts /edgex/scripts \
 && chown -R 2002:2001 /consul \
 && for name in health consul-svc-healthy.sh kong-db-checker.sh kong-migrations-checker.sh \
      security-secrets-setup-checker.sh security-secretstore-setup-checker.sh security-proxy-setup-checker.sh; \
    do ln -s /usr/local/bin/praetor "/edgex/scripts/$name"; done
LABEL org.opencontainers.image.title="Praetor" \
      org.opencontainers.image.description="Service registry, health checker and configuration store for EdgeX gateways" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 2002:2001
VOLUME /consul
EXPOSE 8500 8600 8600/udp 59890
# With another port than 8500 set PRAETOR_HTTP_ADDR, too.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["praetor", "health", "--self", "--timeout", "2s"]
ENTRYPOINT ["praetor", "edgex"]
