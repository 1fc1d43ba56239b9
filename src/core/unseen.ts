/**
 * Control characters but for tab and line feed, and marks that turn the order in which text is read: what is not seen, and changes what
 * is. Logs and pasted texts hold them.
 *
 * Source: Unicode Technical Report 36, 2.5 (bidirectional text spoofing).
 */
export const UNSEEN: RegExp = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
