import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** A browser on PATH or in FOYER_TEST_CHROMIUM; undefined: tests that need one are skipped. */
export const CHROMIUM =
  process.env.FOYER_TEST_CHROMIUM ??
  (process.env.PATH ?? '')
    .split(path.delimiter)
    .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
    .find(existsSync);

export function startChromium(): Promise<Browser> {
  // Its sandbox does not start as root, as which CI runs.
  return chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] });
}
