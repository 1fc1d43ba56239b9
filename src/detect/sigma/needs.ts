import { auditPoliciesFor, mapLogSource } from './log-source.ts';
import type { EventRule } from './rule.ts';

/** What to switch on, or to send, so that this rule has something to judge. */
export function needsOf(rule: EventRule): string {
  const { logSource } = rule;
  const { ways } = mapLogSource(logSource);
  const settings = ways.map((way) => way.needs).filter((needs) => needs !== null);
  if (settings.length > 0) return settings.join('; or ');
  const [channel] = ways[0]?.channels ?? [];
  if (channel === 'security') return securityNeeds(rule.condition);
  if (channel !== undefined) return `the Windows log “${channel}”`;
  return `logs of ${[logSource.product, logSource.category, logSource.service].filter((word) => word !== undefined).join(' / ')}`;
}

/** The audit policy behind the event ids that a rule asks for. */
function securityNeeds(condition: EventRule['condition']): string {
  const policies = auditPoliciesFor(eventIdsOf(condition));
  if (policies.length === 0) return 'the Windows Security log';
  return `the Windows Security log, with the audit policy ${policies
    .slice(0, 3)
    .map((policy) => `“${policy}”`)
    .join(' or ')} on`;
}

function eventIdsOf(condition: EventRule['condition']): number[] {
  switch (condition.op) {
    case 'and':
    case 'or':
      return condition.of.flatMap(eventIdsOf);
    case 'item':
      if (condition.item.field !== 'EventID') return [];
      return condition.item.tests.flatMap((test) =>
        test.kind === 'text' ? test.pattern.map(Number).filter(Number.isInteger) : [],
      );
    case 'not':
    case 'constant':
      return [];
  }
}
