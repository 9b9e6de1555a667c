import { renderPage, type RenderedPage } from './page.js';
import { FORM } from './style.js';
import type { Words } from './words.js';

export interface RegisteredPageProps {
  readonly words: Words;
  readonly event: { readonly name: string; readonly when: string };
  readonly registration: {
    readonly id: string;
    readonly status: string;
    readonly position?: number;
    readonly name: string;
    readonly email: string;
  };
  /** Where this page can be found again, with its token; the page's own address where it is that already. */
  readonly link: string;
  readonly isNew: boolean;
  /** Whose login looks: its own, somebody’s who may make it theirs, or none. */
  readonly login: 'own' | 'other' | 'none';
}

/** A registration as its holder sees it: right after registering, and by the link later. */
export function registeredPage({
  words,
  event,
  registration,
  link,
  isNew,
  login,
}: RegisteredPageProps): RenderedPage {
  const { id, status, position, name, email } = registration;
  const isLiving = status !== 'cancelled' && status !== 'erased';
  const [title, text] =
    status === 'confirmed'
      ? [words.confirmed, words.confirmedText(event.name)]
      : status === 'waitlisted'
        ? [words.waitlisted, words.waitlistedText(position ?? 1)]
        : isLiving
          ? [words.otherStatus, event.name]
          : [words.cancelled, words.cancelledText];
  return renderPage(
    { words, title: `${title} · ${event.name}`, style: FORM },
    <>
      <p class="over">{event.name}</p>
      <h1>{title}</h1>
      <p>{text}</p>
      <div class="sheet">
        <dl>
          <dt>{words.when}</dt>
          <dd>{event.when}</dd>
          <dt>{words.name}</dt>
          <dd>{name}</dd>
          <dt>{words.email}</dt>
          <dd>{email}</dd>
          <dt>{words.reference}</dt>
          <dd>{id}</dd>
        </dl>
      </div>
      {isNew && (
        <p>
          {words.keepLink} <a href={link}>{words.yourLink}</a>
        </p>
      )}
      {login === 'own' && <p>{words.linked}</p>}
      {login === 'other' && isLiving && (
        <form method="post" action={link}>
          <p>{words.linkHint}</p>
          <button name="act" value="link">
            {words.linkIt}
          </button>
        </form>
      )}
      {isLiving && !isNew && (
        <form method="post" action={link}>
          <button class="quiet">{words.cancel}</button>
        </form>
      )}
    </>,
  );
}
