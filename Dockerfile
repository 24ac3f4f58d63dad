# The image of Holdfast: docker build -t holdfast .
# Both stages need the same C library, because better-sqlite3 has a native part. Any image with Node 20.3 or newer will do.
ARG BUILD_IMAGE=docker.io/library/node:22-bookworm
ARG RUNTIME_IMAGE=docker.io/library/node:22-bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Only better-sqlite3 and esbuild have anything to set up; the project itself is built below.
RUN npm ci --ignore-scripts --no-audit --no-fund && npm rebuild better-sqlite3 esbuild
COPY . .
# What building leaves in a native package is many times as large as what is needed of it.
RUN npm run build \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && cd node_modules/better-sqlite3 \
  && cp build/Release/better_sqlite3.node /tmp/ \
  && rm -rf build deps src \
  && mkdir -p build/Release \
  && mv /tmp/better_sqlite3.node build/Release/

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="Holdfast" \
      org.opencontainers.image.description="A registry mirror that keeps what it pulls, and a registry that takes pushes." \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /opt/holdfast
COPY --from=build /build/package.json /build/LICENSE /build/config.example.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY deploy/healthcheck.mjs ./
# A number, so that Kubernetes can tell that it is not root; owner of the folder that a new volume takes its owner from.
RUN mkdir -p /var/lib/holdfast && chown 10001:10001 /var/lib/holdfast && chmod 700 /var/lib/holdfast
ENV NODE_ENV=production \
    HOLDFAST_LISTEN=0.0.0.0:5000 \
    HOLDFAST_STORAGE_DIR=/var/lib/holdfast
USER 10001:10001
VOLUME /var/lib/holdfast
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["node", "/opt/holdfast/healthcheck.mjs"]
ENTRYPOINT ["node", "/opt/holdfast/dist/main.js"]
CMD ["serve"]
