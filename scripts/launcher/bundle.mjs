import { rolldown } from 'rolldown';
import { CachedScript } from './cached-script.mjs';

/**
 * Makes one CommonJS file of a compiled module and of all that it loads.
 * @param {string} input absolute
 * @param {string} file absolute; its code is kept once somebody ran it and said so
 * @param {Pick<import('rolldown').InputOptions, 'external' | 'plugins'>} options what stays outside, among others
 */
export async function bundle(input, file, options) {
  const bundling = await rolldown({ input, platform: 'node', onLog: refuse, ...options });
  const { output } = await bundling.generate({
    format: 'cjs',
    codeSplitting: false,
    // A script of V8's has no import() of its own.
    dynamicImportInCjs: false,
    // A class is known by its name: to Nest, to TypeORM and in the OpenAPI document.
    keepNames: true,
    // V8 keeps the text as long as the process lives; one letter beyond Latin-1 would take two bytes for each of it.
    charset: 'ascii',
    comments: { legal: true, annotation: false, jsdoc: false },
  });
  await bundling.close();
  CachedScript.write(file, output[0].code);
}

/** What is not found is not there when it runs. */
function refuse(level, log, show) {
  if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
  if (level !== 'debug') show(level, log);
}
