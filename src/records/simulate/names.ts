/** A patient's key in every file of a made-up hospital. */
export function patientName(patient: number): string {
  return `p${String(patient).padStart(7, '0')}`;
}
