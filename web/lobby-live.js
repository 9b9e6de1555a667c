/*
 * Keeps the lobby's page up to date: reads the status that is the same for everyone, checks in near the front, and
 * fetches the pass when the number is called. It changes texts and the title only; it never reloads, never moves the
 * focus, and says aloud only what matters: that it is one's turn, or that the connection is away.
 */
(() => {
  const line = document.getElementById('line');
  const { event, ticket, number } = line.dataset;
  const words = JSON.parse(line.dataset.words);
  const at = `/v1/events/${event}/lobby`;
  const own = document.title.split(' · ').slice(1).join(' · ');
  const show = (id, text) => {
    const element = document.getElementById(id);
    if (element.textContent !== text) element.textContent = text;
  };
  const post = (path) =>
    fetch(`${at}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ticket }),
    });
  let failures = 0;

  async function look() {
    const status = await (await fetch(at)).json();
    const ahead = Math.max(0, number - 1 - status.called);
    const text = ahead === 0 ? words.next : ahead === 1 ? words.one : words.many.replace('#', ahead);
    show('ahead', text);
    document.title = `${text} · ${own}`;
    if (status.state === 'paused') show('wait', words.paused);
    const answer = await post('pass');
    if (answer.status === 201) return turn();
    if (answer.status === 409 || answer.status === 410) return show('said', words.late);
    const seconds = Number(answer.headers.get('retry-after') ?? 5);
    later(Math.min(60, Math.max(2, seconds)));
  }

  function turn() {
    document.title = `${words.turn} · ${own}`;
    show('ahead', words.turn);
    show('wait', '');
    document.getElementById('turn').hidden = false;
    show('said', words.turn);
  }

  /** Spread, so that a crowd that was told the same does not come back as one. */
  function later(seconds) {
    setTimeout(run, seconds * 1000 * (0.9 + Math.random() * 0.2));
  }

  async function run() {
    try {
      await look();
      if (failures > 0) show('said', '');
      failures = 0;
    } catch {
      failures += 1;
      show('said', words.offline);
      later(Math.min(60, 2 ** failures));
    }
  }

  later(2);
})();
