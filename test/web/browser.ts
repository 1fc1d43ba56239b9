import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { contradictionIn } from '../answers.ts';
import { eventually, type TestService, upService } from '../service.ts';

const CHROMIUM = '/usr/bin/chromium';
export const PASSWORD = 'kettle mountain violet';
/** Whoever reads this in a page can take it over: hostile text that a log may carry. */
export const HOSTILE = '<img src=x onerror="window.taken=1"><script>window.taken=1</script>';

export const HAS_BROWSER = existsSync(CHROMIUM);
if (!HAS_BROWSER) process.stderr.write('SKIPPED: there is no chromium here, so the page is not proved.\n');

/** A reader at the real service, and whatever must not have happened in their browser. */
export interface Reader {
  readonly page: Page;
  /** Refused by the policy, thrown, or asked of anybody but the service. Empty is right. */
  readonly complaints: string[];
}

/** A browser for one test; it is closed when that is over. */
export async function openBrowser(t: TestContext): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  t.after(() => browser.close());
  return browser;
}

/** @param base the address of the page */
export async function openReader(browser: Browser, base: string, options: BrowserContextOptions = {}): Promise<Reader> {
  const context = await browser.newContext({ baseURL: base, locale: 'en-GB', timezoneId: 'Europe/London', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    // A refused sign-in is an answer, and the browser logs each.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  const own = new URL(base).origin;
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== own && !request.url().startsWith('data:')) complaints.push(request.url());
  });
  page.on('response', (response) => {
    if (!response.headers()['content-type']?.startsWith('application/json')) return;
    const { pathname } = new URL(response.url());
    const told = response.text().then(
      (text) => contradictionIn(response.request().method(), pathname, response.status(), text),
      // The page has gone on, and with it the answer.
      () => null,
    );
    told
      .then((wrong) => (wrong === null ? 0 : complaints.push(wrong)))
      .catch((error: unknown) => complaints.push(String(error)));
  });
  return { page, complaints };
}

/** What axe-core finds against WCAG 2.2 A and AA, in a line each. */
export async function barriers(page: Page): Promise<readonly string[]> {
  // By the debugger, which the page’s policy does not bind. A page that was not left has it still.
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe.source);
  const found = await page.evaluate<{
    violations: readonly { id: string; help: string; nodes: readonly { html: string; failureSummary: string }[] }[];
  }>(`axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`);
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)}: ${failureSummary}`),
  );
}

/** The link of the first administrator, as the service printed it. */
export function firstLink(service: TestService): Promise<string> {
  return eventually(
    () => /\/welcome#ww_[\w-]+/.exec(service.log)?.[0] ?? '',
    (link) => link !== '',
  );
}

/** Opens the first link and becomes its administrator and analyst. */
export async function becomeFirst(service: TestService, page: Page, name = 'Ann Example'): Promise<void> {
  await page.goto(await firstLink(service));
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('heading', { name: `Welcome, ${name}` }).waitFor();
}

/** A service with its page, and a source that sends Windows events to it. */
export async function pagedService(
  t: TestContext,
  ...args: readonly string[]
): Promise<{ service: TestService; send: (events: readonly object[]) => Promise<void> }> {
  const service = await upService(t, '--plain-http', ...args);
  const { token } = await service.addSource('dc1', 'windows');
  const send = async (events: readonly object[]) => {
    const body = events.map((event) => `{"create":{}}\n${JSON.stringify(event)}\n`).join('');
    const { status, text } = await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body });
    if (status !== 200) throw new Error(`${status} ${text}`);
  };
  return { service, send };
}

/** A process that was started, as Winlogbeat sends it. */
export function started(host: string, user: string, commandLine: string, at = new Date()): object {
  return {
    '@timestamp': at.toISOString(),
    winlog: {
      channel: 'Security',
      event_id: 4688,
      computer_name: host,
      event_data: {
        SubjectUserName: user,
        NewProcessName: `C:\\Windows\\System32\\${commandLine.split(' ')[0] ?? ''}.exe`,
        CommandLine: commandLine,
      },
    },
  };
}
