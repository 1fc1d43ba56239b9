/** Every page in every state, against real services: each state says in words what it is, and keeps nobody out. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Browser, chromium } from 'playwright-core';
import { barriers, HAS_BROWSER } from './browser.ts';
import { emptyHouse, fullHouse, type House } from './houses.ts';
import { type Case, CASES, showing } from './page-states.ts';

const SIZE = { width: 1000, height: 700 };

describe('each page in each of its states', { skip: !HAS_BROWSER }, () => {
  let browser: Browser;
  let show: ReturnType<typeof showing>;
  let houses: Readonly<Record<'empty' | 'full', House>>;
  before(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    const [empty, full] = await Promise.all([emptyHouse(), fullHouse()]);
    houses = { empty, full };
    show = showing(browser, houses, SIZE);
  });
  after(async () => {
    await browser.close();
    for (const { service } of Object.values(houses)) await service.stop('SIGKILL');
  });
  for (const made of CASES)
    test(`${made.page}, ${made.state}: ${made.says.join(', ')}`, async () => {
      const { page, complaints } = await show(made);
      deepEqual(await barriers(page), []);
      const sideways = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      equal(sideways, 0, 'it scrolls sideways');
      deepEqual(complaints, []);
    });

  test('on a telephone no column is cut off, what is wider than the screen says so, and the keyboard moves it', async () => {
    const showNarrow = showing(browser, houses, { width: 360, height: 740 });
    for (const made of CASES.filter(({ state }) => state === 'much')) {
      const { page } = await showNarrow(made);
      for (const folded of (await page.locator('main details:not([open]) > summary').all())
        .slice(0, FOLDED)
        .toReversed())
        if (await folded.isVisible()) await folded.click();
      await page.locator('.ww-loading').first().waitFor({ state: 'detached' });
      deepEqual(await page.evaluate(CUT_OFF), [], made.page);
      deepEqual(await page.evaluate(OUT_OF_REACH), [], made.page);
    }
    const wide = await show(only('observations', 'much'));
    equal(await wide.page.getByText(/^It is wider than the screen/).count(), 0);
    const { page } = await showNarrow(only('observations', 'much'));
    await page.getByText('It is wider than the screen: move it sideways to see earlier times.').waitFor();
    deepEqual(await barriers(page), []);
    const { page: board } = await showNarrow(only('board', 'much'));
    const due = board.getByRole('row', { name: /Tell the Information Commissioner/ });
    for (const column of ['How it stands:', 'By when:', 'Whose:']) await due.getByText(column).waitFor();
    deepEqual(await barriers(board), []);
  });
});

/** Whatever of a page stands beyond the screen's edge, but in a part that says it can be moved sideways. */
const CUT_OFF = `[...document.querySelectorAll('main *')]
  .filter((it) => it.closest('.ww-scroll, .nhsuk-u-visually-hidden, thead, [popover]') === null)
  .filter((it) => it.getBoundingClientRect().right > innerWidth + 1)
  .map((it) => it.outerHTML.slice(0, 120))`;

/** Opened on each page: what is in it may be wide. */
const FOLDED = 6;

/** Whatever can be moved sideways or down by itself, and not by keyboard, or has no name for who cannot see it. */
const OUT_OF_REACH = `[...document.querySelectorAll('body *')]
  .filter((it) => !it.matches('textarea, input, select') && it.checkVisibility())
  .filter((it) => {
    const { overflowX, overflowY } = getComputedStyle(it);
    const moves = (overflow, there, shown) => /auto|scroll/.test(overflow) && there > shown + 13;
    return moves(overflowX, it.scrollWidth, it.clientWidth) || moves(overflowY, it.scrollHeight, it.clientHeight);
  })
  .filter((it) => !it.matches('[tabindex="0"][role="region"][aria-label]'))
  .map((it) => it.outerHTML.slice(0, 120))`;

function only(page: Case['page'], state: Case['state']): Case {
  const found = CASES.find((made) => made.page === page && made.state === state);
  ok(found);
  return found;
}
