import { describe, expect, it } from 'vitest';
import { returnPath } from '../../../src/identity/return-to.js';

const HOSTS = [
  'evil.example',
  'user@evil.example',
  '127.0.0.1@evil.example',
  'evil.example:443',
  '[::1]',
  '0x7f.1',
];
const BEGINNINGS = [
  ...[
    '//',
    '///',
    '////',
    '\\\\',
    '/\\',
    '\\/',
    '/\t/',
    '/\n/',
    '/\r/',
    '\t//',
    ' //',
    '\u0000//',
    '/.//',
    '/..//',
  ],
  ...[
    '/./\\',
    '/%2e//',
    '/%2e%2e//',
    '/a/..//',
    '/a/../..//',
    '/;//',
    '/?//',
    '/#//',
    '//%09/',
    '/%5c',
    '/%2f',
  ],
  ...[
    'http://',
    'https://',
    'HTTPS://',
    'https:',
    'https:/',
    'https:\\\\',
    'ftp://',
    '://',
    ':',
    '@',
    '.',
    '',
  ],
  ...[
    'javascript:alert(1)//',
    'data:text/html,//',
    'vbscript:',
    'file:///',
    'blob:https://',
    '\u2028//',
    '\u3000//',
  ],
  ...['/\u00a0/', '／／', '/\uff0f', '/\u2044', '//\u200b', '\ufeff//'],
];
const TRICKS = BEGINNINGS.flatMap((beginning) => HOSTS.map((host) => beginning + host));
const HOME = 'https://foyer.example';

describe('Where a login leads back to', () => {
  it('is never another site, whatever is tried', () => {
    expect(TRICKS.length).toBeGreaterThanOrEqual(300);
    for (const base of [HOME, `${HOME}/sso/x/callback`])
      for (const trick of TRICKS) {
        const path = returnPath(trick);
        if (path === null) continue;
        expect(path.startsWith('/'), trick).toBe(true);
        expect(new URL(path, base).origin, trick).toBe(HOME);
        // What a proxy or a browser decodes once more stays ours too.
        expect(path.startsWith('//') || path.startsWith('/\\'), trick).toBe(false);
      }
  });

  it.each([
    ['/', '/'],
    ['/e/summit?lang=de#form', '/e/summit?lang=de#form'],
    ['/a/../b', '/b'],
    ['/a//b', '/a//b'],
  ])('is %s', (given, path) => expect(returnPath(given)).toBe(path));

  it.each([undefined, null, 7, [], ['/a', '/b'], '', 'a', '/'.repeat(2_001)])('is nowhere for %j', (given) =>
    expect(returnPath(given)).toBeNull(),
  );
});
