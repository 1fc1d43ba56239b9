/** Exit codes; where several hold, the first of 4, 2, 1, 3 (product contract). */
export const EXIT = { done: 0, findings: 1, wrongUse: 2, setAside: 3, internal: 4, interrupted: 130 } as const;
