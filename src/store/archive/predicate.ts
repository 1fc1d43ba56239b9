/**
 * What a search looks for: a small tree that every event store understands. Texts compare without case.
 *
 * A field is one of the columns of `StoredEvent` by name (`host`, `eventId`, …), or else a name in the event's
 * fields; a dotted one is a name as it stands, or a path into nested objects. In a field that is a list, one entry is
 * enough.
 */
export type Predicate =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Predicate[] }
  | { readonly kind: 'not'; readonly of: Predicate }
  /** Of `host`, the short name finds the long one too; of `account`, the bare name finds it in any domain. */
  | { readonly kind: 'equals'; readonly field: string; readonly value: string | number | boolean }
  | { readonly kind: 'contains' | 'startsWith'; readonly field: string; readonly value: string }
  /** `*` stands for any text, `?` for one character. */
  | { readonly kind: 'wildcard'; readonly field: string; readonly pattern: string }
  /** IPv4 of any length, IPv6 in steps of 16 bits. */
  | { readonly kind: 'cidr'; readonly field: string; readonly range: string }
  | {
      readonly kind: 'compare';
      readonly field: string;
      readonly operator: '<' | '<=' | '>' | '>=';
      readonly value: number;
    }
  | { readonly kind: 'exists'; readonly field: string }
  /** Anywhere in the event: its fields as JSON, names included, or its raw line. */
  | { readonly kind: 'anywhere'; readonly value: string };

/** Every event. */
export const ANYTHING: Predicate = { kind: 'and', of: [] };
