import { bundle } from './bundle.mjs';
import { PROGRAM_BUNDLE } from './bundles.mjs';
import { CachedScript } from './cached-script.mjs';
import { inRoot } from './root.mjs';

/** What finds something by its own place on disk. */
const BOUND_TO_THEIR_PLACE = ['msgpackr-extract', 'thread-stream'];
/** What Nest asks for and does without. */
const NOT_INSTALLED = [
  '@nestjs/microservices',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  '@fastify/multipart',
  '@fastify/view',
];
const OUTSIDE = [...BOUND_TO_THEIR_PLACE, ...NOT_INSTALLED];

/** Looks in TypeORM for two classes that it has no more, and would load it a second time for that. */
const withoutSecondTypeorm = {
  name: 'without-second-typeorm',
  load: (id) =>
    id.endsWith('/@nestjs/typeorm/dist/common/typeorm-compat.js')
      ? 'export const Connection = undefined;\nexport const AbstractRepository = undefined;'
      : undefined,
};

/** A part of the build: the program as one file, with the code that V8 makes of it until all is loaded. */
await bundle(inRoot('dist/program.js'), PROGRAM_BUNDLE, {
  external: (id) => OUTSIDE.some((name) => id === name || id.startsWith(`${name}/`)),
  plugins: [withoutSecondTypeorm],
});

const script = new CachedScript(PROGRAM_BUNDLE);
await script.exports().load();
script.keepCode();
// A library may have set a timer as it was loaded.
process.exit();
