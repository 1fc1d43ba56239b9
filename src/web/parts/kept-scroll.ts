/** Milliseconds in which a page has what it shows. */
const LOADS_MS = 3000;
const SETTLED_MS = 100;

/**
 * Whoever goes back to a list is where they were in it. The browser tries that at once, when nothing is loaded yet: so how far down
 * each page was seen is kept with its place in the history, and gone to once the page is as long again.
 *
 * @returns what ends it
 */
export function keepScroll(): () => void {
  history.scrollRestoration = 'manual';
  const end = new AbortController();
  let settling: ReturnType<typeof setTimeout> | undefined;
  const note = () => {
    clearTimeout(settling);
    settling = setTimeout(noteScroll, SETTLED_MS);
  };
  const back = () => {
    clearTimeout(settling);
    const down = downIn(history.state);
    if (down !== null) goDown(down, end.signal);
  };
  addEventListener('scroll', note, { signal: end.signal, passive: true });
  addEventListener('popstate', back, { signal: end.signal });
  back();
  return () => {
    clearTimeout(settling);
    end.abort();
  };
}

/** To be called before another place is gone to. */
export function noteScroll(): void {
  history.replaceState({ down: scrollY }, '');
}

/** As `noteScroll` wrote it; `null`: nobody has been there. */
function downIn(state: unknown): number | null {
  return typeof state === 'object' && state !== null && 'down' in state && typeof state.down === 'number'
    ? state.down
    : null;
}

/** As soon as the page is long enough, unless the reader moves it themselves. */
function goDown(down: number, ended: AbortSignal): void {
  const moved = new AbortController();
  const signal = AbortSignal.any([moved.signal, ended]);
  for (const kind of ['wheel', 'keydown', 'pointerdown', 'popstate'])
    addEventListener(kind, () => moved.abort(), { signal, passive: true });
  const until = performance.now() + LOADS_MS;
  const step = () => {
    if (signal.aborted) return;
    scrollTo(0, down);
    if (Math.abs(scrollY - down) < 2 || performance.now() > until) moved.abort();
    else requestAnimationFrame(step);
  };
  step();
}
