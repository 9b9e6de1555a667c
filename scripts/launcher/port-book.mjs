import { freePort } from './ports.mjs';
import { readJson, writePrivate } from './private-file.mjs';

/** Remembers which port each server had, so that addresses stay the same from one start to the next. */
export class PortBook {
  #file;
  #ports;
  #taken = new Set();
  #note;

  /** @param {(line: string) => void} note told when a port was taken */
  constructor(file, note) {
    this.#file = file;
    this.#note = note;
    this.#ports = readJson(file) ?? {};
  }

  /**
   * @param {string} name of the server, as a person knows it
   * @param {number} standard
   * @param {{ wanted?: number, host?: string }} [options] a port that was asked for comes before the remembered one
   */
  async choose(name, standard, { wanted, host } = {}) {
    const first = wanted ?? this.#ports[name] ?? standard;
    const port = await freePort(first, host, this.#taken);
    if (first !== 0 && port !== first) this.#note(`Port ${first} is taken; ${name} takes ${port}.`);
    this.keep(name, port);
    return port;
  }

  keep(name, port) {
    this.#taken.add(port);
    if (this.#ports[name] === port) return;
    this.#ports = { ...this.#ports, [name]: port };
    writePrivate(this.#file, this.#ports);
  }
}
