/** A search becomes a rule: tried on what is kept, judged live, kept over a restart, switched off. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, upService } from './service.ts';
import { started } from './web/browser.ts';

/** Of the range that is made up. */
const NUMBER = '9990000018';
const WORDS = {
  title: 'Pharmacy share',
  query: `command:"net use" -user:svc_backup last 7d`,
  level: 'high',
  parameter: 'data',
  plain: '{account} opened the share of the pharmacy on {host}.',
  innocent: `A pharmacist, asked for ${NUMBER}.`,
  next: ['Ask {account}.'],
} as const;

interface Found {
  readonly ruleId: string;
  readonly title: string;
  readonly plain: string;
  readonly matched: Readonly<Record<string, string>>;
}

test('a rule made of a search fires live as it would have before, over a restart, until it is switched off', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('dc1', 'windows');
  const analyst = await service.addToken('analyst');
  const send = async (...events: readonly object[]) => {
    const body = events.map((event) => `{"create":{}}\n${JSON.stringify(event)}\n`).join('');
    equal((await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body })).status, 200);
  };
  const post = async (url: string, body: object, by = analyst) => {
    const headers = { authorization: `Bearer ${by}`, 'content-type': 'application/json' };
    const { status, text } = await service.fetch(`/api/v1/${url}`, { headers, body: JSON.stringify(body) });
    return { status, text, answer: JSON.parse(text) as Readonly<Record<string, unknown>> };
  };
  let made = '';
  const found = async () =>
    ((await service.list('/api/v1/findings', analyst)) as unknown as Found[]).filter(({ ruleId }) => ruleId === made);
  /** Judging goes in order: when this is found, what came before it was judged. */
  let wiped = 0;
  const allJudged = async () => {
    await send(started('mark', 'mark', `vssadmin delete shadows /all /quiet ${++wiped}`));
    await eventually(
      async () => (await service.list('/api/v1/findings', analyst)).map((each) => JSON.stringify(each)).join(),
      (text) => text.includes(`/quiet ${wiped}`),
    );
  };

  await send(
    started('ws-1', 'kim', 'net use p: \\\\files\\pharmacy'),
    started('ws-2', 'lee', 'NET USE q: \\\\files\\pharmacy'),
    started('ws-3', 'svc_backup', 'net use p: \\\\files\\pharmacy'),
  );
  const tried = await post('local-rules/try', { query: WORDS.query });
  deepEqual(tried.answer, { days: 30, fired: 2, busiest: 2, mostADay: 50 }, 'the time of the search is left out');
  const added = await post('local-rules', WORDS);
  equal(added.status, 200, added.text);
  made = String(added.answer['id']);

  await send(
    started('ws-4', 'sam', 'Net Use r: \\\\files\\pharmacy'),
    started('ws-5', 'svc_backup', 'net use r: \\\\files\\pharmacy'),
    started('ws-6', 'sam', 'net view'),
  );
  await eventually(found, (all) => all.length > 0);
  await allJudged();
  const [first, ...others] = await found();
  deepEqual(others, [], 'what came before it was switched on, and near misses, are not found');
  deepEqual(
    [first?.title, first?.plain, first?.matched['CommandLine']],
    ['Pharmacy share', 'sam opened the share of the pharmacy on ws-4.', 'Net Use r: \\\\files\\pharmacy'],
  );
  const incidents = (await service.list('/api/v1/incidents', analyst)).map((each) => JSON.stringify(each)).join();
  match(incidents, /sam/, 'it opens an incident as any other');

  const rules = async () => {
    const { text } = await service.fetch('/api/v1/rules', { headers: { authorization: `Bearer ${analyst}` } });
    return (JSON.parse(text) as { rules: { key: string; state: string; fired: number; from: string }[] }).rules.filter(
      ({ key }) => key === made,
    );
  };
  deepEqual(
    (await rules()).map(({ state, fired, from }) => [state, fired, from]),
    [['runs', 1, 'made']],
  );

  await service.stop();
  await service.start();
  await send(started('ws-7', 'pat', 'net use s: \\\\files\\pharmacy'));
  await eventually(found, (all) => all.length === 2);

  equal((await post(`local-rules/${made}/end`, {})).status, 200);
  equal((await post(`local-rules/${made}/end`, {})).status, 404);
  deepEqual(await rules(), []);
  await send(started('ws-8', 'pat', 'net use t: \\\\files\\pharmacy'));
  await allJudged();
  equal((await found()).length, 2, 'nothing after it was switched off');

  // What is no rule is refused, and says why.
  const partner = await service.addToken('partner');
  equal((await post('local-rules', WORDS, partner)).status, 403);
  await send(...Array.from({ length: 60 }, (_, at) => started('ws-9', 'kim', `noise ${at}`)));
  for (const [query, code] of [
    ['last 7d', 'local-rules/not-a-rule'],
    ['-user:kim', 'local-rules/not-a-rule'],
    ['host:ws-1 OR -user:kim', 'local-rules/not-a-rule'],
    ['id:evt_1', 'local-rules/not-a-rule'],
    ['host:"', 'search/bad-query'],
    [`event:${Array.from({ length: 61 }, (_, at) => at + 1).join()}`, 'local-rules/too-large'],
    ['command:noise', 'local-rules/too-noisy'],
  ] as const) {
    const { answer } = await post('local-rules', { ...WORDS, query });
    equal(answer['code'], code, query);
    ok(String(answer['hint']).length > 10);
  }
  equal((await post('local-rules', { ...WORDS, next: [] })).status, 400);

  // Patients are pseudonyms in it.
  const details = (await found())[0] as unknown as { innocent: string };
  match(details.innocent, /asked for \S+\./);
  ok(!details.innocent.includes(NUMBER));
});
