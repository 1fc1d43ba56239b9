/** Every page in every state, against real services: each state says in words what it is, and keeps nobody out. */
import { deepEqual, equal } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Browser, chromium } from 'playwright-core';
import { barriers, HAS_BROWSER } from './browser.ts';
import { emptyHouse, fullHouse, type House } from './houses.ts';
import { CASES, showing } from './page-states.ts';

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
});
