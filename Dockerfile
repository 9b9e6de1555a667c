# One image for every role: api, worker, migrations, the command line and the sandbox twins.
FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --no-audit --no-fund
COPY tsconfig.json nest-cli.json .swcrc ./
COPY scripts scripts
COPY mappings mappings
COPY src src
COPY web web
COPY sandbox sandbox
RUN node scripts/build.mjs
# PostgreSQL runs beside us here, so the binaries that `npm start` uses stay out (they are optional packages).
RUN npm prune --omit=dev --omit=optional --no-audit --no-fund

FROM node:22-slim
ENV NODE_ENV=production FOYER_HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY scripts/foyer.mjs scripts/program.mjs scripts/
COPY scripts/launcher/bundles.mjs scripts/launcher/cached-script.mjs scripts/launcher/root.mjs scripts/launcher/
COPY scripts/launcher/check-script.mjs scripts/launcher/check-thread.mjs scripts/launcher/
COPY config config
COPY mappings mappings
COPY web web
RUN mkdir /twin && chown node:node /twin
USER node
EXPOSE 3000
CMD ["node", "scripts/program.mjs"]
