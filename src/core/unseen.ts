/**
 * Control characters but for tab and line feed, and marks that turn the order in which text is read: what is not seen, and changes what
 * is. Logs and pasted texts hold them.
 *
 * Source: Unicode Technical Report 36, 2.5 (bidirectional text spoofing).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
export const UNSEEN: RegExp = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
