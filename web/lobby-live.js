/*
 * Keeps the lobby's page up to date. It reads the status that is the same for everyone, and so comes out of a cache;
 * it asks for itself when something is to be had: to check in near the front, and for the pass when the front has
 * come to its number. It changes texts and the title only; it never reloads, never moves the focus, and says aloud
 * only what matters: that it is one's turn, what the operator says, or that the connection is away.
 */
(() => {
  const line = document.getElementById('line');
  const { event, zone } = line.dataset;
  let { ticket } = line.dataset;
  let number = Number(line.dataset.number);
  const words = JSON.parse(line.dataset.words);
  const at = `/v1/events/${event}/lobby`;
  /** Where the browser's tabs find the place of the others. */
  const kept = `foyer_place_${event}`;
  const own = document.title.split(' · ').slice(1).join(' · ');
  /** A check-in is good for five minutes. */
  const CHECKED_IN_MS = 240_000;
  /** Between two looks while the line is closed, and the most while it moves. */
  const LOOK_SECONDS_MAX = 20;
  let checkedInAt = -Infinity;
  let failures = 0;
  let timer;

  const show = (id, text) => {
    const element = document.getElementById(id);
    if (element.textContent !== text) element.textContent = text;
  };
  const send = (to, ticket) =>
    fetch(to, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ticket }),
    });
  const post = (path) => send(`${at}/${path}`, ticket);

  /**
   * Tabs that were opened at once have a place each: all go on with the first, and the others are given back. Where the
   * first is refused, only who has just come takes its place: else two tabs would outbid each other for ever.
   */
  async function agree(hasJustCome) {
    const other = JSON.parse(localStorage.getItem(kept) ?? 'null');
    if (other && other.ticket !== ticket) {
      const isFirst = number < other.number;
      const { ok } = await send(`/lobby/${event}`, isFirst ? ticket : other.ticket);
      if (!isFirst && !ok && !hasJustCome) return;
      if (!isFirst && ok) {
        await post('leave');
        ({ ticket, number } = other);
      }
    }
    localStorage.setItem(kept, JSON.stringify({ ticket, number }));
  }

  async function look() {
    const response = await fetch(at);
    if (!response.ok) throw response;
    const status = await response.json();
    tell(status);
    if (status.state === 'off' || status.state === 'open') return turn();
    if (status.state === 'closed') {
      // It may open again: the place is still there then, and who had checked in does so once more.
      checkedInAt = -Infinity;
      show('wait', words.closed);
      return later(LOOK_SECONDS_MAX);
    }
    const ahead = aheadOf(status);
    const text = ahead === 0 ? words.next : ahead === 1 ? words.one : words.many.replace('#', ahead);
    const wait = waitOf(ahead, status);
    show('ahead', text);
    show('wait', status.state === 'paused' ? words.paused : waitText(ahead, wait));
    document.title = `${text} · ${own}`;
    if (number <= status.called) return fetchPass();
    const isNear = number <= status.checkIn;
    if (isNear && Date.now() - checkedInAt > CHECKED_IN_MS) {
      const answer = await post('check-in');
      if (answer.status === 410) return show('said', words.late);
      if (answer.ok) checkedInAt = Date.now();
    }
    later(isNear ? 2 : Math.min(LOOK_SECONDS_MAX, Math.max(2, wait / 20)));
  }

  /** What the operator says, and what is left. Times are compared by the database's clock, which the status is of. */
  function tell({ message, opensAt, placesLeft: left, at: now }) {
    show('message', message ?? '');
    show('opens', opensAt > now ? words.opens.replace('#', moment(opensAt)) : '');
    const places = left === 1 ? words.place : words.places.replace('#', left);
    show('places', left === undefined ? '' : places);
  }

  /** As the server writes it (src/pages/when.ts). */
  function moment(at) {
    const { lang } = document.documentElement;
    const format = { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' };
    return new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, {
      ...format,
      timeZone: zone,
      timeZoneName: 'short',
    }).format(new Date(at));
  }

  /** 202: the front has passed; who is there again is called next. */
  async function fetchPass() {
    const answer = await post('pass');
    if (answer.status === 201) return turn();
    if (answer.status === 409 || answer.status === 410) return show('said', words.late);
    later(Math.min(60, Math.max(2, Number(answer.headers.get('retry-after') ?? 5))));
  }

  /** Numbers that nobody holds do not count. */
  function aheadOf({ called, voids }) {
    let unused = 0;
    for (const [first, last] of voids)
      unused += Math.max(0, Math.min(last, number - 1) - Math.max(first, called + 1) + 1);
    return Math.max(0, number - 1 - called - unused);
  }

  /** As docs/lobby.md has it: corrected for those who leave. */
  function waitOf(ahead, { ratePerMinute, abandonment: leave, frontSeconds: front }) {
    const plain = (ahead * 60) / Math.max(ratePerMinute, 0.01);
    if (leave < 1e-9) return plain;
    let wait = Math.log1p(leave * plain) / leave;
    if (front !== undefined)
      for (let i = 0; i < 12; i++) wait = (wait + plain * Math.exp((-leave * (front + wait)) / 2)) / 2;
    return wait;
  }

  function waitText(ahead, wait) {
    const spread = ahead === 0 ? 0 : 1.64 * Math.sqrt(1 / ahead + 0.0025);
    const low = span(wait * Math.max(0, 1 - spread));
    const high = span(wait * (1 + spread) + 1);
    return low === high
      ? words.about.replace('#', low)
      : words.between.replace('#1', low).replace('#2', high);
  }

  function span(seconds) {
    const [n, name] = seconds < 90 ? [Math.max(1, seconds), 'second'] : [seconds / 60, 'minute'];
    const count = Math.round(n);
    return count === 1 ? words[name] : words[`${name}s`].replace('#', count);
  }

  function turn() {
    document.title = `${words.turn} · ${own}`;
    show('heading', words.turn);
    show('about', words.turnText);
    for (const id of ['ahead', 'wait']) show(id, '');
    document.getElementById('turn').hidden = false;
    // It stands above already; here it is for those who hear the page.
    document.getElementById('said').classList.add('unseen');
    show('said', words.turn);
  }

  /** Spread, so that a crowd that was told the same does not come back as one. */
  function later(seconds) {
    clearTimeout(timer);
    timer = setTimeout(run, seconds * 1000 * (0.9 + Math.random() * 0.2));
  }

  async function run() {
    timer = undefined;
    try {
      await look();
      if (failures > 0 && document.getElementById('turn').hidden) show('said', '');
      failures = 0;
    } catch {
      failures += 1;
      show('said', words.offline);
      later(Math.min(60, 2 ** failures));
    }
  }

  // Connected again, or looked at again: soon, not when the timer that slept too comes to it.
  const soon = () => timer !== undefined && !document.hidden && later(0.5);
  addEventListener('online', soon);
  document.addEventListener('visibilitychange', soon);
  // Where the browser keeps nothing, or the connection is away, each tab goes on with its own.
  const agreeIfPossible = (hasJustCome) => agree(hasJustCome).catch(() => {});
  addEventListener('storage', ({ key }) => key === kept && agreeIfPossible(false));
  agreeIfPossible(true);
  later(2);
})();
