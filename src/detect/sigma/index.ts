/**
 * The Sigma engine. `loadRules` reads rules, `SigmaEngine` judges events by them, `Correlator` joins what fired.
 * Imports nothing but core and its libraries, so that it can leave as a package one day.
 */
export type { CorrelationInput, CorrelationMatch } from './correlation-part.ts';
export { Correlator } from './correlator.ts';
export { SigmaEngine, type Hit } from './engine.ts';
export { channelOfService, isCategory, mapLogSource } from './log-source.ts';
export { needsOf } from './needs.ts';
export { loadRules, loadRuleTexts, type LoadedRules, type LoadOptions } from './load.ts';
export type { Placeholders } from './item.ts';
export { referenceKey } from './rule.ts';
export type { CorrelationRule, EventRule, PlainWords, RuleProblem } from './rule.ts';
