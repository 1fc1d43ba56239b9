import { z } from 'zod';

/** Control characters but for tab and line feed, and the marks that turn the order in which text is read. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const MARKS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text that a person types or pastes, and others read: without what is not seen and changes what is. Left out and not
 * refused: it comes along with what is copied from letters and web pages, and nobody could find it to take it out.
 *
 * Source: Unicode Technical Report 36, 2.5 (bidirectional text spoofing).
 */
export function typed(): z.ZodString {
  return z.string().overwrite((text) => text.toWellFormed().replaceAll(/\r\n?/g, '\n').replaceAll(MARKS, ''));
}
