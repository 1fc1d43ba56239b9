/** What a process of its own does for records-process.ts: it is given one question, answers once, and ends. */
import { Refusal } from '../core/refusal.ts';
import { diesFirst } from '../ops/dies-first.ts';
import { reviewLooks } from '../records/review.ts';
import { lookedAt } from '../records/who-looked.ts';
import type { ColumnsInfo } from '../store/archive/access-columns.ts';
import { makeColumns } from '../store/archive/kept-accesses.ts';
import { ACCESS_READER } from './access-reader.ts';
import { readKeptLooks, scopeOfKept, servicePseudonyms } from './kept-records.ts';
import type { RecordsAnswer, RecordsQuestion } from './records-process.ts';

async function answerTo(question: RecordsQuestion): Promise<RecordsAnswer> {
  if (question.kind === 'scope') {
    const { data, timeZone: zone, question: about, gaps } = question;
    return { kind: 'scoped', answer: await scopeOfKept(data, about, { zone, gaps }) };
  }
  if (question.kind === 'columns') {
    const columns: ColumnsInfo[] = [];
    const { isMore, failed, why } = await makeColumns(
      question.data,
      ACCESS_READER,
      question.now,
      question.atMost,
      (made) => columns.push(made),
    );
    return { kind: 'columns', columns, isMore, failed, why };
  }
  const { data, keys, relationships, timeZone, from, to } = question;
  const pseudonymKey = await servicePseudonyms(keys, data);
  const kept = await readKeptLooks(data, { relationships, timeZone, pseudonymKey, from, to });
  const { hospital, book, care } = kept;
  const losses = kept.gaps.filter(({ kind }) => kind === 'damaged').length;
  if (question.kind === 'who-looked') {
    const { lines, text } = lookedAt(hospital, book, care, { patient: question.patient, pseudonymKey });
    // The patient reads it, and must not take it for the whole.
    const whole = losses === 0 ? text : `${text}\nA part of the log could not be read, so looks may be left out.\n`;
    return { kind: 'looked', lines, text: whole, losses };
  }
  const { cases, items, firstDay, lastDay, judgedDays, report } = reviewLooks(hospital, book, question);
  return {
    kind: 'reviewed',
    cases,
    items,
    accesses: book.accesses,
    firstDay,
    lastDay,
    judgedDays,
    missing: [...report.missing],
    setAside: report.setAsideCount,
    unknownLocations: report.unknownLocations,
    ambiguousIds: care.ambiguousIds,
    relationships: care.relations.length,
    losses,
  };
}

diesFirst();
process.once('message', (question: RecordsQuestion) => {
  answerTo(question)
    .catch((error: unknown): RecordsAnswer => {
      if (error instanceof Refusal) return { kind: 'refused', code: error.code, reason: error.message };
      throw error;
    })
    .then((answer) => process.send?.(answer, () => process.disconnect()))
    .catch(() => process.exit(4));
});
