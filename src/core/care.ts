import type { UtcMs } from './event.ts';

/** Relationships that a patient has with a department. */
export const CARE_KINDS = ['stay', 'appointment', 'referral', 'order'] as const;
export type CareKind = (typeof CARE_KINDS)[number];

/** A patient with a department for a time. */
export interface CarePlace {
  /** As the source calls it: a ward's code, a clinic's, a service's. */
  readonly department: string;
  readonly from: UtcMs;
  /** The first instant that no longer counts; `null`: it was not said. */
  readonly to: UtcMs | null;
}

/**
 * What happened to a stay. `in`: the patient is there from now on. `still`: the message says where the patient is, and not
 * that anybody moved. `not-out`: it was no discharge. `never`: it was no admission.
 */
export type StayStep = 'in' | 'still' | 'out' | 'not-out' | 'never';

export type Care =
  /** HL7 v2 tells a stay step by step. */
  | {
      readonly is: 'step';
      /** The visit's number; `''`: the message has none. */
      readonly key: string;
      readonly step: StayStep;
      readonly department: string;
      /** When the visit began. */
      readonly since: UtcMs | null;
      /** If no end is told, it lasts for so many local days; `null`: until one is told. */
      readonly days: number | null;
    }
  /** All that is so now of this appointment, order, …: what was said of it before is void. No place: it was cancelled. */
  | { readonly is: 'state'; readonly kind: CareKind; readonly key: string; readonly places: readonly CarePlace[] };

/** What says whether two people share a surname, an address or a postcode. `''`: not said. */
export interface PersonTexts {
  readonly surname: string;
  readonly household: string;
  readonly postcode: string;
}

/** What one message says of one patient: where care was given or will be, which ids are hers, whom she lives with. */
export interface CareNote {
  /** When it became so: notes are put in this order, however late they come. */
  readonly at: UtcMs;
  /** `ADT^A02`, `Encounter`. */
  readonly messageType: string;
  /** Ids of the one patient. Never empty. */
  readonly patient: readonly string[];
  /** Ids that are this patient's from now on: two records were joined. */
  readonly former: readonly string[];
  readonly person: PersonTexts | null;
  readonly deceasedAt: UtcMs | null;
  readonly care: readonly Care[];
}

/** Category of the events in which notes are kept. */
export const CARE_EVENT = 'record_relationship';
