import { createHash } from 'node:crypto';
import type { Finding } from '../core/finding.ts';
import { type Level, LEVELS, levelRank } from '../core/level.ts';
import { UNSEEN } from '../core/unseen.ts';
import type { ScanResult } from '../scan/scan.ts';
import { chaptersOf, machineNames, ruleOf, type Thread } from './chapters.ts';
import { blindnessOf, blindSentences } from './coverage.ts';
import { hidden, LEVELS_MEAN, rangeOf, shownOf, verdictOf, whenAndWho } from './story.ts';
import { tasksOf } from './tasks.ts';
import { grouped, listed, plural, ukTime } from './wording.ts';

/** Rows in the page. More would make it slow to open; their number is said, and the other formats have them all. */
const MAX_ROWS = 5000;
const LEVEL_WORD: Record<Level, string> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  informational: 'For information',
};

/**
 * One page that needs nothing else: no request leaves it, everything from a log is escaped, and its policy lets no
 * script run but our own.
 */
export function htmlReport(result: ScanResult, minLevel: Level, timeZone: string): string {
  const shown = shownOf(result, minLevel);
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wardwatch report</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>What happened</h1>
<p class="verdict">${escape(verdictOf(result, minLevel))}</p>
${todoSection(shown)}
${timelineSection(shown, timeZone)}
${chapterSection(shown, timeZone)}
${tableSection(shown, timeZone)}
${hiddenSection(hidden(result, minLevel))}
${blindSection(result, timeZone)}
${readSection(result, timeZone)}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

const MAX_NAMES = 8;

function todoSection(shown: readonly Finding[]): string {
  const { tasks, left } = tasksOf(shown);
  if (tasks.length === 0) return '';
  const items = tasks.map(({ why, machines, steps }) => {
    const [machine, ...others] = machines;
    const same = others.length === 0 ? '' : `<p>Likewise on ${escape(listed(others, MAX_NAMES))}.</p>`;
    return `<li><b>${escape(why)}${machine === undefined ? '' : `, on ${escape(machine)}`}</b>${stepList(steps)}${same}</li>`;
  });
  const more =
    left > 0 ? `<p>And ${plural(left, 'more kind')} of finding: the steps are below, machine by machine.</p>` : '';
  return `<section><h2>What to do now, the gravest first</h2><ol>${items.join('')}</ol>${more}</section>`;
}

function stepList(steps: readonly string[]): string {
  return `<ul>${steps.map((step) => `<li>${escape(step)}</li>`).join('')}</ul>`;
}

const WIDTH = 900;
const ROW = 26;
const LEFT = 190;
const MAX_HOSTS = 20;

/** When what happened where: a line for each machine, a mark for each finding. */
function timelineSection(shown: readonly Finding[], timeZone: string): string {
  const timed = shown.filter((finding) => finding.at !== null);
  const times = timed.map(({ at }) => Date.parse(at ?? '')).sort((a, b) => a - b);
  const [first] = times;
  const last = times.at(-1);
  if (first === undefined || last === undefined) return '';
  const all = chaptersOf(timed);
  const chapters = all.slice(0, MAX_HOSTS);
  const nameOf = machineNames(timed);
  const x = (at: number) => LEFT + ((at - first) / Math.max(1, last - first)) * (WIDTH - LEFT - 20);
  const rows = chapters.map((chapter, row) => {
    const y = 20 + row * ROW;
    const seen = new Set<string>();
    const marks = timed
      .filter((finding) => nameOf(finding) === chapter.machine)
      .flatMap((finding) => {
        const at = Math.round(x(Date.parse(finding.at ?? '')));
        const key = `${at} ${finding.level}`;
        if (seen.has(key)) return [];
        seen.add(key);
        return [
          `<circle class="${finding.level}" cx="${at}" cy="${y}" r="${4 + levelRank(finding.level)}"><title>${escape(`${ukTime(finding.at ?? '', timeZone)}: ${finding.plain}`)}</title></circle>`,
        ];
      });
    return `<text x="0" y="${y + 4}">${escape(short(chapter.host, 24))}</text><line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y}" y2="${y}"/>${marks.join('')}`;
  });
  const height = 40 + chapters.length * ROW;
  const from = ukTime(new Date(first).toISOString(), timeZone);
  const to = ukTime(new Date(last).toISOString(), timeZone);
  return `<section><h2>Timeline</h2>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(`${plural(timed.length, 'finding')} on ${plural(all.length, 'machine')} from ${from} to ${to}; the table below lists them`)}">
${rows.join('\n')}
<text x="${LEFT}" y="${height - 6}">${escape(from)}</text><text x="${WIDTH - 20}" y="${height - 6}" text-anchor="end">${escape(to)}</text>
</svg>${restOf(all.length)}</section>`;
}

/** The machines that are only in the table below. */
function restOf(machines: number): string {
  return machines > MAX_HOSTS
    ? `<p>${plural(machines - MAX_HOSTS, 'more machine')}, less serious: see the table of all findings.</p>`
    : '';
}

const MAX_THREADS = 40;

function chapterSection(shown: readonly Finding[], timeZone: string): string {
  const all = chaptersOf(shown);
  const parts = all.slice(0, MAX_HOSTS).map(({ host, accounts, threads, worst, findings }) => {
    const who = accounts.length === 0 ? '' : `<p>Accounts: ${escape(listed(accounts, MAX_NAMES))}</p>`;
    const items = threads.slice(0, MAX_THREADS).map((thread) => threadItem(thread, timeZone));
    const more =
      threads.length > MAX_THREADS
        ? `<p>And ${plural(threads.length - MAX_THREADS, 'other kind')} of finding.</p>`
        : '';
    return `<details${levelRank(worst) >= levelRank('high') ? ' open' : ''}><summary>${escape(host)}: ${plural(findings, 'finding')}</summary>${who}<ul>${items.join('')}</ul>${more}</details>`;
  });
  return parts.length === 0
    ? ''
    : `<section><h2>Machine by machine</h2><p>${LEVELS_MEAN}</p>${parts.join('\n')}${restOf(all.length)}</section>`;
}

function threadItem(thread: Thread, timeZone: string): string {
  const { level, first, others } = thread;
  const also = others.length === 0 ? '' : `<p>Also seen by: ${escape(others.map(ruleOf).join('; '))}</p>`;
  return `<li><span class="tag ${level}">${LEVEL_WORD[level]}</span> <b>${escape(first.plain)}</b><br>${escape(whenAndWho(thread, timeZone))}<details><summary>What to do, what it could be innocently, and the evidence</summary>${stepList(first.next)}<p>Could be innocent: ${escape(first.innocent)}</p><p>Evidence: ${escape(first.source.path)}, record ${first.source.record}. Rule: ${escape(ruleOf(first))}</p>${also}</details></li>`;
}

function tableSection(shown: readonly Finding[], timeZone: string): string {
  if (shown.length === 0) return '';
  const rows = [...shown]
    .sort((a, b) => levelRank(b.level) - levelRank(a.level))
    .slice(0, MAX_ROWS)
    .map((finding) => {
      const { level, at, entities, plain, title, author, source } = finding;
      const fields = Object.entries(finding.matched)
        .map(([name, value]) => `${escape(name)} = <code>${escape(short(value, 300))}</code>`)
        .join('<br>');
      return `<tr data-level="${level}"><td>${at === null ? '' : escape(ukTime(at, timeZone))}</td><td><span class="tag ${level}">${LEVEL_WORD[level]}</span></td><td>${escape(entities.host ?? '')}<br>${escape(entities.account ?? '')}</td><td>${escape(plain)}<details><summary>${escape(title)}</summary>${author === '' ? '' : `<p>Rule by ${escape(author)}</p>`}<p>${fields}</p><p>${escape(source.path)}, record ${source.record}</p></details></td></tr>`;
    });
  const left = shown.length - rows.length;
  const options = [
    '<option value="">every level</option>',
    ...LEVELS.toReversed().map((level) => `<option value="${level}">${LEVEL_WORD[level]}</option>`),
  ];
  return `<section class="paper"><p>The table of all findings (${grouped(shown.length)}) is in the file, not on paper.</p></section>
<section class="screen"><h2>All findings</h2>
<p class="filters"><label>Level <select id="level">${options.join('')}</select></label> <label>Containing <input id="words" type="search"></label> <span id="count" role="status">${grouped(rows.length)} shown</span></p>
${left > 0 ? `<p>${plural(left, 'less serious finding')} left out here.</p>` : ''}
<table><thead><tr><th scope="col">When</th><th scope="col">Level</th><th scope="col">Where, who</th><th scope="col">What</th></tr></thead><tbody id="rows">${rows.join('\n')}</tbody></table></section>`;
}

function hiddenSection(left: string | null): string {
  return left === null ? '' : `<p>${escape(left)}</p>`;
}

function blindSection(result: ScanResult, timeZone: string): string {
  const sentences = blindSentences(result, timeZone, 20).map((line) => `<p>${escape(line)}</p>`);
  const blind = blindnessOf(result);
  const list = (title: string, some: typeof blind) => {
    if (some.length === 0) return '';
    const items = some
      .slice(0, MAX_NEEDS)
      .map(
        ({ needs, rules, gravest }) =>
          `<li>${escape(needs)}. It would show “${escape(gravest)}”${rules > 1 ? ` and what ${plural(rules - 1, 'more rule')} ${rules === 2 ? 'looks' : 'look'} for` : ''}.</li>`,
      );
    if (some.length > items.length) items.push(`<li>and ${plural(some.length - items.length, 'more setting')}</li>`);
    return `<h3>${title}</h3><ul>${items.join('')}</ul>`;
  };
  const here = blind.filter(({ isOfKnownSystem }) => isOfKnownSystem);
  const absent = blind.filter(({ isOfKnownSystem }) => !isOfKnownSystem);
  return `<section><h2>What these logs could not have shown</h2>${sentences.join('')}${list('To switch on, where the logs come from', here)}${list('Not among these logs at all', absent)}</section>`;
}

const MAX_ASIDE = 200;
const MAX_NEEDS = 30;

function readSection(result: ScanResult, timeZone: string): string {
  const events = result.logs.reduce((sum, { events: count }) => sum + count, 0);
  const aside = result.setAside
    .slice(0, MAX_ASIDE)
    .map(
      ({ path, record, reason, detail }) =>
        `<li>${escape(path)}${record === null ? '' : `, record ${record}`}: ${escape(detail)} (${escape(reason)})</li>`,
    );
  if (result.setAsideInAll > aside.length)
    aside.push(`<li>and ${grouped(result.setAsideInAll - aside.length)} more: list them with --show-set-aside</li>`);
  const list =
    result.setAsideInAll === 0
      ? '<p>Nothing was set aside.</p>'
      : `<p><b>Set aside, because it could not be read: ${plural(result.setAsideInAll, 'item')}.</b></p><ul>${aside.join('')}</ul>`;
  const range = rangeOf(result);
  const span = range === null ? '' : ` from ${ukTime(range.earliest, timeZone)} to ${ukTime(range.latest, timeZone)},`;
  return `<section><h2>What was read</h2><p>${plural(result.logs.length, 'log')}, ${plural(events, 'event')}${escape(span === '' ? ',' : span)} in ${(result.elapsedMs / 1000).toFixed(1)} seconds. Times are shown in ${escape(timeZone)}.</p>${list}</section>`;
}

function short(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Log text is hostile: no mark-up of it survives, nor what would turn the direction of writing round. */
function escape(text: string): string {
  return text.replace(UNSEEN, ' ').replace(/[&<>"']/g, (char) => ESCAPES[char] ?? '');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

const STYLE = `
:root{color-scheme:light dark;--ink:#212b32;--paper:#fff;--line:#aeb7bd;--soft:#f0f4f5}
@media (prefers-color-scheme:dark){:root{--ink:#f0f4f5;--paper:#16202a;--line:#5b6b78;--soft:#22303c}}
body{font:16px/1.5 Arial,sans-serif;color:var(--ink);background:var(--paper);margin:0}
main{max-width:60rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1{font-size:2rem;margin:.5rem 0}h2{margin-top:2rem;border-bottom:2px solid var(--line)}
.verdict{font-size:1.25rem;font-weight:bold;border-left:8px solid #005eb8;padding:.5rem 1rem;background:var(--soft)}
svg{width:100%;height:auto}svg text{fill:var(--ink);font-size:12px}svg line{stroke:var(--line)}
circle.critical{fill:#7a0019}circle.high{fill:#d5281b}circle.medium{fill:#b25f00}circle.low{fill:#005eb8}circle.informational{fill:#768692}
@media (prefers-color-scheme:dark){circle.critical{fill:#ff5c7a}circle.high{fill:#ff7a6e}circle.medium{fill:#ffb454}circle.low{fill:#6cb4ff}}
.tag{font-weight:bold;border:1px solid var(--ink);padding:0 .4rem;white-space:nowrap}
.tag.critical{background:#7a0019;color:#fff}.tag.high{background:#b81d13;color:#fff}.tag.medium{background:#ffdd66;color:#212b32}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
td:nth-child(3){min-width:11rem}code{overflow-wrap:anywhere}li{margin:.4rem 0}summary{cursor:pointer;font-weight:bold;padding:.2rem 0}
select,input{font:inherit;padding:.2rem}
@media (max-width:45rem){thead{display:none}tbody,tr,td{display:block}tr{border-bottom:2px solid var(--line)}td{border:0;padding:.2rem 0}tr[hidden]{display:none}}
.paper{display:none}
@media print{.tag.critical,.tag.high,.tag.medium{background:none;color:#000}.screen{display:none}.paper{display:block}li{break-inside:avoid}h2,h3,summary{break-after:avoid}}
`;

const SCRIPT = `
const level=document.getElementById('level'),words=document.getElementById('words'),rows=document.getElementById('rows'),count=document.getElementById('count');
if(rows){const all=[...rows.rows].map(row=>[row,row.dataset.level,row.textContent.toLowerCase()]);
const show=()=>{const wanted=level.value,text=words.value.trim().toLowerCase();let shown=0;
for(const [row,own,content] of all){row.hidden=(wanted!==''&&own!==wanted)||!content.includes(text);if(!row.hidden)shown++;}
count.textContent=shown.toLocaleString('en-GB')+' shown';};
level.addEventListener('change',show);words.addEventListener('input',show);}
addEventListener('beforeprint',()=>{for(const part of document.querySelectorAll('main>section>details,main>section>details>ul>li>details'))part.open=true;});
`;
