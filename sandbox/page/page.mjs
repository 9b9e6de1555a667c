/* global document, location */
// The twin's page: shows the journal as it grows. Everything from outside goes in as text, never as markup.

const POLL_MS = 1000;
/** Rows on the page; the journal itself goes back further. */
const ROWS_MAX = 200;
const PACE_BARS = 60;
const OUTCOMES = ['created', 'updated', 'rejected', 'throttled', 'lied', 'unanswered'];
const NAMES = {
  hubspot: 'HubSpot twin',
  salesforce: 'Salesforce twin',
  marketo: 'Marketo twin',
  dataverse: 'Dataverse twin',
  mailchimp: 'Mailchimp twin',
  s3: 'S3 twin',
};
const WILL_APPEAR =
  'Every record that is sent here shows up in this list the moment it arrives: created, updated or refused, with what was sent and what was answered.';

const $ = (id) => document.getElementById(id);
const state = {
  seen: 0,
  epoch: null,
  items: [],
  only: null,
  find: '',
  isPaused: false,
  totals: [],
  selected: null,
};

async function poll() {
  try {
    const summary = await read('/_twin/summary');
    if (state.epoch !== null && state.epoch !== summary.epoch + summary.startedAt) forget();
    state.epoch = summary.epoch + summary.startedAt;
    showSummary(summary);
    if (!state.isPaused && summary.total > state.seen) await fetchNewest(summary.total);
    setLive('live', state.isPaused ? 'paused' : 'live');
  } catch {
    setLive('away', 'the twin does not answer');
  }
  setTimeout(() => void poll(), POLL_MS);
}

async function read(path) {
  const answer = await fetch(path, { cache: 'no-store' });
  if (!answer.ok) throw new Error(path);
  return answer.json();
}

async function fetchNewest(total) {
  const from = Math.max(state.seen, total - ROWS_MAX);
  const { items } = await read(`/_twin/journal?cursor=${from}&limit=${ROWS_MAX}`);
  if (items.length === 0) return;
  const isFirst = state.seen === 0;
  state.seen = items.at(-1).n;
  state.items = [...items.toReversed(), ...state.items].slice(0, ROWS_MAX);
  showRows(isFirst ? new Set() : new Set(items.map(({ n }) => n)));
}

function forget() {
  Object.assign(state, { seen: 0, items: [], totals: [] });
  closeDetail();
  showRows(new Set());
}

function showSummary(summary) {
  document.documentElement.dataset.twin = summary.twin;
  document.title = `${NAMES[summary.twin]} · ${number(summary.total)} records`;
  $('title').textContent = NAMES[summary.twin];
  $('address').textContent = location.host;
  const named = Object.entries(summary.records).filter(([, count], index) => count > 0 || index === 0);
  $('stored').replaceChildren(...named.map(([object, count]) => figure(object, count)));
  for (const button of $('outcomes').children) {
    const count = summary.outcomes[button.dataset.outcome];
    button.querySelector('b').textContent = number(count);
    button.toggleAttribute('data-none', count === 0);
  }
  showPace(summary.total);
  showFaults(summary);
  $('emptyText').textContent = WILL_APPEAR;
  $('older').hidden = summary.total <= ROWS_MAX;
  $('older').textContent = `The newest ${ROWS_MAX} of ${number(summary.total)}. All of them: /_twin/journal`;
  if (summary.total === 0) showRows(new Set());
}

function figure(object, count) {
  const group = element('div');
  group.append(element('dt', object), element('dd', number(count)));
  return group;
}

function showPace(total) {
  const { totals } = state;
  if (totals.length > 0 && total < totals.at(-1)) totals.length = 0;
  totals.push(total);
  if (totals.length > PACE_BARS + 1) totals.shift();
  const known = totals.slice(1).map((value, index) => value - totals[index]);
  const rates = [...Array(PACE_BARS - known.length).fill(0), ...known];
  const most = Math.max(1, ...rates);
  const width = 120 / PACE_BARS;
  const bars = rates.map((rate, index) => {
    const bar = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    const height = Math.max(1, (rate / most) * 34);
    bar.classList.toggle('none', rate === 0);
    bar.setAttribute('x', String(index * width));
    bar.setAttribute('y', String(36 - height));
    bar.setAttribute('width', String(width - 0.6));
    bar.setAttribute('height', String(height));
    return bar;
  });
  $('pace').replaceChildren(...bars);
  $('rate').textContent = number(rates.at(-1) ?? 0);
}

function showFaults({ faults, limits }) {
  const told = faults.map(({ kind, rate, path, times, struck }) => {
    const where = path === undefined ? '' : ` on ${path}`;
    const most = times === undefined ? '' : ` of ${times}`;
    return `${kind} at ${Math.round(rate * 100)} %${where} (struck ${struck}${most})`;
  });
  if (!limits) told.push('rate limits are off');
  $('faults').hidden = told.length === 0;
  $('faults').textContent = `In force: ${told.join(' · ')}`;
}

function showRows(fresh) {
  const shown = state.items.filter(matches);
  const focused = document.activeElement?.closest?.('#rows tr')?.dataset.n;
  $('rows').replaceChildren(...shown.map((item) => row(item, fresh.has(item.n))));
  if (focused !== undefined) $('rows').querySelector(`[data-n="${focused}"]`)?.focus({ preventScroll: true });
  $('empty').hidden = shown.length > 0;
  const isFiltered = state.items.length > 0;
  $('emptyTitle').textContent = isFiltered ? 'Nothing among these matches' : 'Nothing has arrived yet';
  $('emptyText').hidden = isFiltered;
}

function matches({ outcome, key, id, object }) {
  if (state.only !== null && outcome !== state.only) return false;
  return state.find === '' || `${key ?? ''} ${id ?? ''} ${object}`.toLowerCase().includes(state.find);
}

function row(item, isFresh) {
  const line = element('tr');
  line.dataset.outcome = item.outcome;
  line.dataset.n = String(item.n);
  line.tabIndex = 0;
  line.classList.toggle('fresh', isFresh);
  line.setAttribute('aria-selected', String(state.selected === item.n));
  const outcome = element('td');
  outcome.append(dot(), item.outcome);
  const key = element('td', item.key ?? '–');
  key.title = item.key ?? '';
  const status = element('td', item.status === 0 ? 'none' : String(item.status));
  status.className = 'narrow';
  line.append(
    element('td', time(item.at)),
    outcome,
    element('td', item.object),
    key,
    element('td', item.id ?? '–'),
    status,
  );
  const open = () => openDetail(item);
  line.addEventListener('click', open);
  line.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') open();
  });
  return line;
}

function openDetail(item) {
  state.selected = item.n;
  $('detailOutcome').dataset.outcome = item.outcome;
  $('detailOutcome').replaceChildren(dot(), item.outcome);
  $('detailKey').textContent = item.key ?? 'no key';
  const status = item.status === 0 ? 'never answered' : item.status;
  $('detailCall').textContent =
    `${item.method} ${item.path} · ${status} · ${time(item.at)} · no. ${number(item.n)}`;
  showJson($('request'), item.request);
  showJson($('response'), item.response);
  $('detail').hidden = false;
  showRows(new Set());
}

function closeDetail() {
  state.selected = null;
  $('detail').hidden = true;
}

/** Pretty JSON with its names and values set apart; the pieces go in as text. */
function showJson(target, value) {
  const text = JSON.stringify(value, null, 2);
  const pieces = text.match(/"(?:[^"\\]|\\.)*"(?=:)|"(?:[^"\\]|\\.)*"|[^"]+/g) ?? [];
  let rest = text;
  const nodes = pieces.map((piece) => {
    rest = rest.slice(piece.length);
    if (!piece.startsWith('"'))
      return element('span', piece, /true|false|null|\d/.test(piece) ? 'other' : '');
    return element('span', piece, rest.startsWith(':') ? 'field' : 'text');
  });
  target.replaceChildren(...nodes);
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function dot() {
  return element('span', '', 'dot');
}

function setLive(kind, text) {
  $('live').dataset.state = kind;
  if ($('live').textContent !== text) $('live').textContent = text;
}

function number(value) {
  return value.toLocaleString('en');
}

function time(at) {
  const when = new Date(at);
  const pad = (value, width) => String(value).padStart(width, '0');
  const [h, m, s] = [when.getHours(), when.getMinutes(), when.getSeconds()].map((part) => pad(part, 2));
  return `${h}:${m}:${s}.${pad(when.getMilliseconds(), 3)}`;
}

function makeFilters() {
  const buttons = OUTCOMES.map((outcome) => {
    const button = element('button');
    button.type = 'button';
    button.dataset.outcome = outcome;
    button.setAttribute('aria-pressed', 'false');
    button.append(dot(), outcome, element('b', '0'));
    button.addEventListener('click', () => {
      state.only = state.only === outcome ? null : outcome;
      for (const each of buttons)
        each.setAttribute('aria-pressed', String(each.dataset.outcome === state.only));
      showRows(new Set());
    });
    return button;
  });
  $('outcomes').replaceChildren(...buttons);
}

makeFilters();
$('search').addEventListener('input', ({ target }) => {
  state.find = target.value.trim().toLowerCase();
  showRows(new Set());
});
$('pause').addEventListener('click', () => {
  state.isPaused = !state.isPaused;
  $('pause').setAttribute('aria-pressed', String(state.isPaused));
  $('pause').textContent = state.isPaused ? 'Resume' : 'Pause';
});
$('close').addEventListener('click', closeDetail);
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') closeDetail();
});
void poll();
