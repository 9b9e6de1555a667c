import { renderPage, type RenderedPage } from './page.js';
import type { Words } from './words.js';

/** A calm page for what went otherwise: what happened, and one thing to do. */
export function messagePage(props: {
  readonly words: Words;
  readonly title: string;
  readonly text: string;
  readonly next?: { readonly label: string; readonly to: string };
}): RenderedPage {
  const { words, title, text, next } = props;
  return renderPage(
    { words, title },
    <>
      <h1>{title}</h1>
      <p>{text}</p>
      {next && (
        <p>
          <a class="button" href={next.to}>
            {next.label}
          </a>
        </p>
      )}
    </>,
  );
}
