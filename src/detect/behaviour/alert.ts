import type { EventView, FieldValue } from '../../core/event.ts';
import { subjectsOf } from '../entities.ts';
import { isOurs } from '../own-network.ts';

/** What another product raised: Suricata, Wazuh, or whatever a mapping file calls an alert. */
export interface ForeignAlert {
  readonly product: string;
  readonly name: string;
  /** The machine it is about: its name, or its address. */
  readonly host: string;
  /** ATT&CK techniques that the product names. */
  readonly techniques: readonly string[];
}

/** Where products put an alert's name, in this order. */
const NAMES = ['alert.signature', 'rule.description', 'finding_info.title', 'alert.name', 'signature', 'title', 'name'];
const TECHNIQUES = ['rule.mitre.id', 'alert.metadata.mitre_technique_id'];
const MAX_NAME = 200;

/** `null` if the event is no other product's alert, or does not say which or where. */
export function alertOf(event: EventView): ForeignAlert | null {
  const { category, service, product } = event.logSource;
  if (category !== 'alert' && service !== 'alert') return null;
  const name = NAMES.map((field) => textAt(event, field)).find((text) => text !== null);
  if (name === undefined) return null;
  const entities = subjectsOf(event);
  const host = entities.host ?? insideAddress(event) ?? entities.address;
  if (host === undefined) return null;
  return {
    product: product ?? 'another product',
    name: name.replaceAll('\0', ' ').slice(0, MAX_NAME),
    host: host.toLowerCase(),
    techniques: TECHNIQUES.flatMap((field) => textsAt(event, field)).filter((id) => /^T\d{4}(?:\.\d{3})?$/.test(id)),
  };
}

/** A network alert is about the machine of ours in it. */
function insideAddress(event: EventView): string | undefined {
  return ['src_ip', 'dest_ip', 'dst_ip']
    .map((field) => textAt(event, field))
    .find((text) => text !== null && isOurs(text)) as string | undefined;
}

function textAt(event: EventView, field: string): string | null {
  return textsAt(event, field)[0] ?? null;
}

function textsAt(event: EventView, field: string): readonly string[] {
  const slot = event.layout.slotOf(field);
  const value: FieldValue = slot < 0 ? undefined : event.valueAt(slot);
  return (Array.isArray(value) ? (value as readonly FieldValue[]) : [value]).filter(
    (each): each is string => typeof each === 'string' && each !== '',
  );
}
