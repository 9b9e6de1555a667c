import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { findSystemTool } from './find-program.mjs';

/** Accounts that systems bring along and that own nothing else of worth. */
const ACCOUNTS = ['postgres', 'nobody'];

/**
 * PostgreSQL refuses to run as root, and should end when its launcher is killed.
 * Both are arranged by what stands before its command:
 *
 * 1. an ordinary user needs nothing but the signal at the parent's death (Linux);
 * 2. root enters a user namespace in which it is user 1000: no account is needed, and no folder changes hands;
 * 3. where namespaces are refused, root becomes an existing unprivileged account that is given the folder.
 *
 * @param {{ dataDir: string, program: string, method?: 'namespace' | 'account', uid?: number }} options `method` is forced by tests
 * @returns {{ wrap(command: string, args: string[]): [string, string[]], uid?: number, gid?: number, how: string }}
 */
export function unprivileged({ dataDir, program, method, uid = process.getuid?.() }) {
  const setpriv = findSystemTool('setpriv');
  const withParent = setpriv ? [setpriv, '--pdeathsig', 'INT'] : [];
  if (uid !== 0) return { wrap: prefix(withParent), how: 'user' };
  if (method !== 'account' && mayEnterNamespace()) {
    giveTo(dataDir, 0, 0);
    const unshare = [findSystemTool('unshare'), '--user', '--map-user=1000', '--map-group=1000'];
    return { wrap: prefix([...withParent, ...unshare]), how: 'namespace' };
  }
  const account = ACCOUNTS.map(lookUp).find(Boolean);
  if (!account || !setpriv) throw new Error(refusal('no unprivileged account or no setpriv was found'));
  const ids = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  const become = [setpriv, ...ids];
  for (const folder of [path.dirname(dataDir), path.dirname(program)]) {
    if (!reaches(become, folder)) throw new Error(refusal(`${account.name} may not enter ${folder}`));
  }
  // The kernel forgets the signal at the parent's death when the user changes, so it is asked for afterwards.
  giveTo(dataDir, account.uid, account.gid);
  return {
    wrap: prefix([...become, ...withParent]),
    how: `account ${account.name}`,
    uid: account.uid,
    gid: account.gid,
  };
}

function mayEnterNamespace() {
  const unshare = findSystemTool('unshare');
  const nothing = findSystemTool('true');
  if (!unshare || !nothing) return false;
  return spawnSync(unshare, ['--user', '--map-user=1000', '--map-group=1000', nothing]).status === 0;
}

function reaches(become, folder) {
  const [command, ...args] = become;
  return spawnSync(command, [...args, findSystemTool('test'), '-x', folder]).status === 0;
}

function prefix(words) {
  return (command, args) => {
    const [first, ...rest] = [...words, command];
    return [first, [...rest, ...args]];
  };
}

function lookUp(name) {
  try {
    const id = (flag) =>
      Number(execFileSync(findSystemTool('id') ?? 'id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
    return { name, uid: id('-u'), gid: id('-g') };
  } catch {
    // No such account here; the next one may exist.
    return undefined;
  }
}

/** Hands a folder over as a whole, where an earlier start ran it under another name. */
function giveTo(folder, uid, gid) {
  if (!existsSync(folder)) return;
  const { uid: owner } = lstatSync(folder);
  if (owner === uid) return;
  chownSync(folder, uid, gid);
  for (const entry of readdirSync(folder, { recursive: true })) chownSync(path.join(folder, entry), uid, gid);
}

function refusal(why) {
  return (
    `PostgreSQL does not run as root, and here it cannot be run as anyone else: user namespaces are refused, and ${why}. ` +
    'Start Foyer as an ordinary user, or give DATABASE_URL=postgres://user:password@host:5432/name.'
  );
}
