import { readFileSync } from 'node:fs';
import type { State } from '../store/state.ts';
import { RETENTION_KINDS, type RetentionByKind } from '../store/archive/retention.ts';

/** The notice as it ships, with `{id}` where the organisation has to say something. Ours: src/content. */
interface NoticeText {
  readonly source: string;
  readonly fields: readonly { readonly id: string; readonly label: string }[];
  readonly sections: readonly { readonly title: string; readonly lines: readonly string[] }[];
}

/** What staff are told of what is recorded about them. */
export interface MonitoringNotice {
  readonly source: string;
  /** Whom to ring when something cannot wait; `null`: not said yet. */
  readonly urgent: string | null;
  readonly sections: readonly {
    readonly title: string;
    readonly lines: readonly (readonly { readonly text: string; readonly isMissing: boolean }[])[];
  }[];
  /** What the organisation says, or has to. */
  readonly fields: readonly { readonly id: string; readonly label: string; readonly value: string }[];
}

const KEPT = 'monitoring-notice';

function noticeText(): NoticeText {
  // Our own file, tested to hold what the type says.
  return JSON.parse(readFileSync(new URL('../content/monitoring-notice.json', import.meta.url), 'utf8')) as NoticeText;
}

/** The notice to staff: the only writer of the setting `monitoring-notice`. */
export class MonitoringNotices {
  readonly #state: State;
  readonly #retention: () => RetentionByKind;
  readonly #now: () => number;

  /** @param retention how long each kind is kept now */
  constructor(state: State, retention: () => RetentionByKind, now: () => number) {
    this.#state = state;
    this.#retention = retention;
    this.#now = now;
  }

  async read(): Promise<MonitoringNotice> {
    const row = await this.#state.db.selectFrom('settings').select('value').where('name', '=', KEPT).executeTakeFirst();
    // Written by `fill`.
    const values = row === undefined ? {} : (JSON.parse(row.value) as Readonly<Record<string, string>>);
    return filledWith(values, this.#retention());
  }

  /** What is not one of its fields is left out. */
  async fill(values: Readonly<Record<string, string>>, by: string): Promise<void> {
    const known = noticeText().fields.map(({ id }) => [id, (values[id] ?? '').trim()] as const);
    const changed = {
      value: JSON.stringify(Object.fromEntries(known.filter(([, value]) => value !== ''))),
      changed_at: this.#now(),
      changed_by: by,
    };
    await this.#state.db
      .insertInto('settings')
      .values({ name: KEPT, ...changed })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(changed))
      .execute();
  }
}

/** The notice with these values in their places; what is missing says what it is. */
export function filledWith(values: Readonly<Record<string, string>>, retention: RetentionByKind): MonitoringNotice {
  const { source, fields, sections } = noticeText();
  const own = (id: string) => (Object.hasOwn(values, id) ? (values[id] ?? '') : '');
  const labels = new Map(fields.map(({ id, label }) => [id, label]));
  const days = new Map<string, string>(
    RETENTION_KINDS.map((kind) => [`days:${kind}`, retention[kind].keepDays.toLocaleString('en-GB')]),
  );
  const part = (piece: string) => {
    const [, id] = /^\{([\w:]+)\}$/.exec(piece) ?? [];
    if (id === undefined) return { text: piece, isMissing: false };
    const text = days.get(id) ?? own(id);
    return text === '' ? { text: labels.get(id) ?? id, isMissing: true } : { text, isMissing: false };
  };
  const urgent = own('urgent');
  return {
    source,
    urgent: urgent === '' ? null : urgent,
    sections: sections.map(({ title, lines }) => ({
      title,
      lines: lines.map((line) =>
        line
          .split(/(\{[\w:]+\})/)
          .filter((piece) => piece !== '')
          .map(part),
      ),
    })),
    fields: fields.map(({ id, label }) => ({ id, label, value: own(id) })),
  };
}
