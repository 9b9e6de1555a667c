import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** By how much of what lives the old generation may grow before V8 collects it; by itself it waits for several times. */
const GROWTH_PERCENT = 70;

/**
 * For a server under load, whose garbage lives just long enough to leave the young generation: it keeps to twice of
 * what lives, for collections that come a little sooner. Counts from the next collection on.
 */
export function collectSooner(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}

/** How much a long read may add to the heap before what is garbage of it is collected. */
const GROWTH_MAX_BYTES = 80 * 1024 * 1024;

let collect: (() => void) | undefined;

/**
 * For work that reads more than memory holds, page by page. V8 lets garbage of the old generation grow to several times
 * of what lives before it looks, which in a process of fifty live megabytes is two hundred; a collection of so small a
 * heap takes ten milliseconds. Call `keep` after each page.
 */
export class HeapBound {
  private pages = 0;
  /** Nothing at first: what others left is collected early, so that growth is counted from what lives. */
  private maxBytes = 0;

  keep(): void {
    this.pages += 1;
    // One page needs no bound, and a collection holds up whatever else this process is asked meanwhile.
    if (this.pages === 1 || getHeapStatistics().used_heap_size < this.maxBytes) return;
    collect ??= exposedCollector();
    collect();
    this.maxBytes = getHeapStatistics().used_heap_size + GROWTH_MAX_BYTES;
  }
}

/** Node has no call for it; this is the way that its documentation of v8.setFlagsFromString shows. */
function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
