import { linkSync, statSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Catalog, segmentNumber } from '../src/store/archive/catalog.ts';
import { Chain, readChain, type SegmentInfo } from '../src/store/archive/chain.ts';
import { quoted } from '../src/store/archive/database.ts';
import { segmentsFolder } from '../src/store/archive/segment-files.ts';
import { SEGMENT_FORMAT, sha256Of } from '../src/store/archive/write-segments.ts';
import { makeFolder } from '../src/store/durable.ts';

const DAY_MS = 86_400_000;

/**
 * Makes an archive `times` as large, in a few minutes instead of hours: every segment is written again, its events with other ids
 * and so many days later, and is added to the chain. The archive must be closed.
 */
export async function copySegments(archive: string, times: number, days: number): Promise<void> {
  const read = readChain(archive);
  const { live, sealedTo } = new Catalog(read.lines);
  const own = [...live.values()];
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '400MB' });
  const database = await instance.connect();
  const chain = await Chain.open(archive, read, Date.now(), () => undefined);
  for (let copy = 1; copy < times; copy++) {
    const later = copy * days * DAY_MS;
    for (const group of Map.groupBy(own, ({ name }) => segmentNumber(name)).values()) {
      const line = chain.head.number + 1;
      const segments: SegmentInfo[] = [];
      for (const segment of group) segments.push(await copySegment(segment, line));
      const [first] = group;
      if (first?.words !== undefined) linkSync(wordsOf(segmentNumber(first.name)), wordsOf(line));
      await chain.add({ kind: 'sealed', segments, journal: [sealedTo, sealedTo] }, Date.now());
    }

    async function copySegment(segment: SegmentInfo, line: number): Promise<SegmentInfo> {
      const receivedFrom = segment.receivedFrom + later;
      const name = `${new Date(receivedFrom).toISOString().slice(0, 10)}/${segment.kind}-${line}.parquet`;
      const file = path.join(segmentsFolder(archive), name);
      await makeFolder(path.dirname(file));
      await database.run(
        `copy (select * replace ('${copy}-' || id as id, "time" + ${later} as "time", received_at + ${later} as received_at)
          from read_parquet(${quoted(path.join(segmentsFolder(archive), segment.name))}))
        to ${quoted(file)} (${SEGMENT_FORMAT})`,
      );
      return {
        ...segment,
        name,
        sha256: await sha256Of(file),
        bytes: statSync(file).size,
        timeFrom: segment.timeFrom + later,
        timeTo: segment.timeTo + later,
        receivedFrom,
        receivedTo: segment.receivedTo + later,
      };
    }
  }
  await chain.close();
  database.closeSync();

  function wordsOf(line: number): string {
    return path.join(archive, 'words', `${line}.words`);
  }
}
