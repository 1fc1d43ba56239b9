/** Sigma's five levels, from least to most. */
export const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const;

export type Level = (typeof LEVELS)[number];

export function isLevel(text: string): text is Level {
  return (LEVELS as readonly string[]).includes(text);
}

/** 0 for informational to 4 for critical. */
export function levelRank(level: Level): number {
  return LEVELS.indexOf(level);
}
