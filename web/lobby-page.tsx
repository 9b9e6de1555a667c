import { renderPage, type RenderedPage } from './page.js';
import type { Words } from './words.js';

export interface LobbyPageProps {
  readonly words: Words;
  readonly event: {
    readonly name: string;
    readonly slug: string;
    readonly placesLeft: number | null;
    readonly timeZone: string;
  };
  readonly ticket: string;
  readonly number: number;
  readonly ahead: number;
  readonly wait: { readonly low: number; readonly high: number };
  readonly state: string;
  readonly message: string | null;
  readonly opens: string | null;
  readonly refreshSeconds: number;
  /** The enhancement, as a script's text. */
  readonly script: string;
}

const STYLE = `.ahead{font-size:clamp(1.75rem,7vw,2.625rem);font-weight:700;line-height:1.1;letter-spacing:-.03em;text-wrap:balance;font-variant-numeric:tabular-nums}#opens:empty,#message:empty,#places:empty{display:none}.say{border-left:3px solid var(--mark);padding-left:1rem}#line>p{margin:0}#line>p:not(:empty)~p:not(:empty){margin-top:.75rem}#said.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}[hidden]{display:none}`;

/**
 * One's place in the line. Without JavaScript the page looks again by itself, gently; with it, it keeps the figures
 * up to date in place, never reloads and never moves the focus.
 */
export function lobbyPage(props: LobbyPageProps): RenderedPage {
  const { words, event, ahead, wait, state, message, opens, refreshSeconds } = props;
  const self = `/lobby/${event.slug}`;
  return renderPage(
    {
      words,
      title: `${words.before(ahead)} · ${event.name}`,
      style: STYLE,
      script: props.script,
      refresh: { seconds: refreshSeconds, to: self },
    },
    <>
      <p class="over">{event.name}</p>
      <h1 id="heading">{words.line}</h1>
      <div
        class="sheet"
        id="line"
        data-event={event.slug}
        data-ticket={props.ticket}
        data-number={props.number}
        data-zone={event.timeZone}
        data-words={JSON.stringify(spoken(words))}
      >
        <p class="ahead" id="ahead">
          {words.before(ahead)}
        </p>
        <p class="soft" id="wait">
          {state === 'paused' ? words.paused : waitText(words, wait)}
        </p>
        <p id="turn" hidden>
          <a class="button" href={self}>
            {words.goOn}
          </a>
        </p>
        <p class="soft" role="status" id="said" />
      </div>
      <div aria-live="polite">
        <p id="opens">{opens && words.opensLobby(opens)}</p>
        <p class="say" id="message">
          {message}
        </p>
      </div>
      <p id="about">{words.lineText}</p>
      <p class="soft" id="places">
        {event.placesLeft !== null && words.places(event.placesLeft)}
      </p>
      <noscript>
        <p>
          <a href={self}>{words.refresh}</a>
        </p>
      </noscript>
    </>,
  );
}

export function waitText(words: Words, { low, high }: { low: number; high: number }): string {
  return words.wait(durationText(words, low), durationText(words, high));
}

function durationText(words: Words, seconds: number): string {
  return seconds < 90
    ? words.seconds(Math.max(1, Math.round(seconds)))
    : words.minutes(Math.round(seconds / 60));
}

/** The sentences that the script fills in by itself; `#` stands for a figure. */
function spoken(words: Words): Record<string, string> {
  return {
    next: words.before(0),
    one: words.before(1),
    many: words.before(9).replace('9', '#'),
    about: words.wait('#', '#'),
    between: words.wait('#1', '#2'),
    second: words.seconds(1),
    seconds: words.seconds(9).replace('9', '#'),
    minute: words.minutes(1),
    minutes: words.minutes(9).replace('9', '#'),
    opens: words.opensLobby('#'),
    place: words.places(1),
    places: words.places(9).replace('9', '#'),
    paused: words.paused,
    closed: words.closed,
    turn: words.yourTurn,
    turnText: words.yourTurnText,
    late: words.lateText,
    offline: words.offline,
  };
}
