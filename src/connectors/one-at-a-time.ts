/** The same calls, of which each begins when the one before it has ended. */
export function oneAtATime<Asked extends unknown[], Answer>(
  call: (...asked: Asked) => Promise<Answer>,
): (...asked: Asked) => Promise<Answer> {
  let last: Promise<unknown> = Promise.resolve();
  return (...asked) => {
    const next = last.then(() => call(...asked));
    last = next.catch(() => undefined); // whoever made that call hears of it
    return next;
  };
}
