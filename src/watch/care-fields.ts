import type { Care, CareNote } from '../core/care.ts';
import type { Pseudonymiser } from '../intake/identifiers/pseudonyms.ts';

/**
 * A note as the fields of an event: patients by the pseudonym that their accesses have, surname, address and postcode as
 * keyed hashes of which only equality says anything, the numbers of visits and orders likewise.
 *
 * @returns `null` if it says nothing that a relationship needs
 */
export function careFields(note: CareNote, pseudonymiser: Pseudonymiser): Record<string, unknown> | null {
  const { person } = note;
  const keys = {
    surname_key: pseudonymiser.keyed('surname', person?.surname ?? ''),
    household_key: pseudonymiser.keyed('household', person?.household ?? ''),
    postcode_key: pseudonymiser.keyed('postcode', person?.postcode ?? ''),
  };
  const patient = unique(note.patient.map((id) => pseudonymiser.of(id)));
  const former = unique(note.former.map((id) => pseudonymiser.of(id))).filter((id) => !patient.includes(id));
  const given = Object.entries(keys).filter(([, key]) => key !== '');
  if (note.care.length + former.length + given.length === 0 && note.deceasedAt === null && patient.length < 2)
    return null;
  return {
    message_type: note.messageType,
    patient,
    ...(former.length === 0 ? {} : { former }),
    ...Object.fromEntries(given),
    ...(note.deceasedAt === null ? {} : { deceased_at: note.deceasedAt }),
    ...(note.care.length === 0 ? {} : { care: note.care.map((care) => keyedCare(care, pseudonymiser)) }),
  };
}

function keyedCare(care: Care, pseudonymiser: Pseudonymiser): Care {
  const key = pseudonymiser.keyed('care', care.key);
  // A clinic may be called by whom it was made for.
  const clean = (department: string) => pseudonymiser.text(department);
  return care.is === 'step'
    ? { ...care, key, department: clean(care.department) }
    : { ...care, key, places: care.places.map((place) => ({ ...place, department: clean(place.department) })) };
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
