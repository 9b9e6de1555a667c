import path from 'node:path';
import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

const isDeep = process.env.FOYER_TEST_DEEP === '1';

export default defineConfig({
  // What the program finds compiled, tests find as it was written.
  resolve: { alias: [{ find: /^#web\/(.+)\.js$/, replacement: path.resolve('web/$1') }] },
  plugins: [swc.vite({ module: { type: 'nodenext' } })],
  test: {
    include: ['test/**/*.test.ts', 'src/**/*.test.ts', 'sandbox/**/*.test.ts'],
    // The long form runs on `npm run test:deep` only.
    exclude: isDeep ? [] : ['test/deep/**'],
    // Decorators write to it before any module of ours is loaded.
    setupFiles: ['reflect-metadata'],
    globalSetup: ['test/support/global-setup.ts'],
    // Two cores: more workers than that only take turns.
    maxWorkers: 2,
    // The program takes longer to load than most files take to run: a worker's files share what it has loaded.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
