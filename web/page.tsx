import { createHash } from 'node:crypto';
import type { ComponentChildren, VNode } from 'preact';
import { render } from 'preact-render-to-string';
import { BASE, TOKENS } from './style.js';
import type { Words } from './words.js';

export interface PageParts {
  readonly words: Words;
  readonly title: string;
  /** Rules beyond the base, for this page alone. */
  readonly style?: string;
  /** Enhances the page; without it everything works too. */
  readonly script?: string;
  /** Origins that a form of the page may be redirected to: browsers apply the policy to these as well. */
  readonly formTargets?: readonly string[];
  /** Where a browser without JavaScript looks again, and after how many seconds. */
  readonly refresh?: { readonly seconds: number; readonly to: string };
}

export interface RenderedPage {
  readonly html: string;
  /** The Content-Security-Policy: what stands in the page, by its hash, and nothing else. */
  readonly policy: string;
}

/** A whole page in one answer: no request follows it but those its own script makes to us. */
export function renderPage(parts: PageParts, children: ComponentChildren): RenderedPage {
  const style = `${TOKENS}${BASE}${parts.style ?? ''}`.replaceAll('\n', '');
  const body = render(<Frame parts={parts} style={style} children={children} />);
  return { html: `<!doctype html>${body}`, policy: policyFor(style, parts) };
}

function Frame({
  parts: { words, title, script, refresh },
  style,
  children,
}: {
  parts: PageParts;
  style: string;
  children: ComponentChildren;
}): VNode {
  return (
    <html lang={words.language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>{title}</title>
        <style dangerouslySetInnerHTML={{ __html: style }} />
        {refresh && (
          <noscript>
            <meta http-equiv="refresh" content={`${refresh.seconds};url=${refresh.to}`} />
          </noscript>
        )}
      </head>
      <body>
        <main>{children}</main>
        {script && <script dangerouslySetInnerHTML={{ __html: script }} />}
      </body>
    </html>
  );
}

function policyFor(style: string, { script, formTargets = [] }: PageParts): string {
  return [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    ...(script ? [`script-src ${hashOf(script)}`, "connect-src 'self'"] : []),
    ['form-action', "'self'", ...new Set(formTargets)].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
