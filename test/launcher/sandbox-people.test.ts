import { describe, expect, it } from 'vitest';
import { hasSandboxPeople } from '../../scripts/launcher/sandbox-people.mjs';

describe('People without passwords', () => {
  const host = '127.0.0.1';
  it.each([
    ['log in on this machine', { host }, true],
    [
      'log in where the public address is on this machine',
      { host: '0.0.0.0', publicUrl: 'http://[::1]:3000' },
      true,
    ],
    ['stay away where others reach Foyer', { host: '0.0.0.0' }, false],
    ['stay away behind a public address', { host, publicUrl: 'https://foyer.example.org' }, false],
    ['stay away behind a name that only begins so', { host, publicUrl: 'https://127.example.org' }, false],
    ['stay away when told to', { host, identityEnabled: 'false' }, false],
    ['leave another provider in their place', { host, identityUrl: 'https://login.example.org' }, false],
  ])('%s', (_what, given, expected) => {
    expect(hasSandboxPeople(given)).toBe(expected);
  });
});
