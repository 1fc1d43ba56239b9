import { z } from 'zod';
import { UNSEEN } from '../core/unseen.ts';

/**
 * A text that a person types or pastes, and others read: without what is not seen and changes what is. Left out and not
 * refused: it comes along with what is copied from letters and web pages, and nobody could find it to take it out.
 */
export function typed(): z.ZodString {
  return z.string().overwrite((text) => text.toWellFormed().replaceAll(/\r\n?/g, '\n').replaceAll(UNSEEN, ''));
}
