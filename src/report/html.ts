import type { Level } from '../core/level.ts';
import type { ScanResult } from '../scan/scan.ts';
import { story } from './story.ts';

export function htmlReport(result: ScanResult, minLevel: Level, timeZone: string): string {
  return story(result, minLevel, timeZone);
}
