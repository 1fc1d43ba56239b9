import { existsSync, mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Document, Footer, HeadingLevel, Packer, Paragraph, TextRun } from 'docx';
import PdfDocument from 'pdfkit';
import { Refusal } from '../core/refusal.ts';
import { UNSEEN } from '../core/unseen.ts';
import type { Draft } from './drafts.ts';

const STAMP = 'DRAFT: to be read, completed and signed off by a person';

/**
 * Writes each draft as DOCX, to be edited, and as PDF, to be read.
 *
 * @returns the files
 * @throws Refusal `output/not-writable` if one is there: nothing is written over what somebody may have completed
 */
export async function writeDrafts(drafts: readonly Draft[], folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { name } of drafts)
    for (const ending of ['docx', 'pdf'])
      if (existsSync(path.join(folder, `${name}.${ending}`)))
        throw new Refusal(
          'output/not-writable',
          `${name}.${ending} is there already, and somebody may have worked on it`,
        );
  const files: string[] = [];
  for (const draft of drafts)
    for (const [ending, bytes] of [
      ['docx', await draftFile(draft, 'docx')],
      ['pdf', await draftFile(draft, 'pdf')],
    ] as const) {
      const file = path.join(folder, `${draft.name}.${ending}`);
      const handle = await open(file, 'wx', 0o600);
      await handle.writeFile(bytes);
      await handle.close();
      files.push(file);
    }
  return files;
}

/** One draft: as DOCX, to be edited, or as PDF, to be read. */
export function draftFile(draft: Draft, format: 'docx' | 'pdf'): Promise<Buffer> {
  return format === 'docx' ? docxOf(writable(draft)) : pdfOf(writable(draft));
}

/** Names of machines and accounts come from logs: one character that XML does not have, and no program opens the file. */
function writable(draft: Draft): Draft {
  return {
    ...draft,
    title: textOf(draft.title),
    sections: draft.sections.map(({ heading, lines }) => ({ heading: textOf(heading), lines: lines.map(textOf) })),
  };
}

function textOf(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(UNSEEN, '')
    .replaceAll(/[\ufffe\uffff]/g, '');
}

function docxOf({ title, sections }: Draft): Promise<Buffer> {
  const document = new Document({
    creator: 'Wardwatch',
    title,
    sections: [
      {
        footers: { default: new Footer({ children: [new Paragraph({ text: STAMP })] }) },
        children: [
          new Paragraph({ text: title, heading: HeadingLevel.TITLE }),
          ...sections.flatMap(({ heading, lines }) => [
            new Paragraph({ text: heading, heading: HeadingLevel.HEADING_2 }),
            ...lines.map((line) => new Paragraph({ children: runsOf(line), spacing: { after: 120 } })),
          ]),
        ],
      },
    ],
  });
  return Packer.toBuffer(document);
}

/** What has to be filled in stands out. */
function runsOf(line: string): TextRun[] {
  return partsOf(line).map(({ text, isToFill }) => new TextRun({ text, ...(isToFill ? { highlight: 'yellow' } : {}) }));
}

function partsOf(line: string): { text: string; isToFill: boolean }[] {
  return line
    .split(/(\[To fill in: [^\]]*\])/)
    .filter((text) => text !== '')
    .map((text) => ({ text, isToFill: text.startsWith('[To fill in: ') }));
}

const MARGIN = 64;

/**
 * Fonts of our own: those that every reader has know Western European letters only, and a patient called Siân Ŵyn or
 * Łukasz is not called otherwise in a letter. What even these lack is drawn as an empty box, which nobody overlooks.
 */
const FONTS = {
  plain: fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')),
  bold: fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf')),
  slanted: fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Oblique.ttf')),
} as const;

function pdfOf({ title, sections }: Draft): Promise<Buffer> {
  const document = new PdfDocument({
    size: 'A4',
    margin: MARGIN,
    tagged: true,
    lang: 'en-GB',
    displayTitle: true,
    info: { Title: title, Creator: 'Wardwatch' },
  });
  const pieces: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    document.on('data', (piece: Buffer) => pieces.push(piece));
    document.on('end', () => resolve(Buffer.concat(pieces)));
    document.on('error', reject);
  });
  document.font(FONTS.slanted).fontSize(9).fillColor('#555').text(STAMP).moveDown();
  document.font(FONTS.bold).fontSize(16).fillColor('black').text(title).moveDown();
  for (const { heading, lines } of sections) {
    document.font(FONTS.bold).fontSize(12).text(heading).moveDown(0.3);
    for (const line of lines) {
      const parts = partsOf(line);
      parts.forEach(({ text, isToFill }, index) => {
        document
          .font(isToFill ? FONTS.slanted : FONTS.plain)
          .fontSize(10)
          .fillColor(isToFill ? '#a33' : 'black')
          .text(text, { continued: index < parts.length - 1 });
      });
      document.moveDown(0.3);
    }
    document.fillColor('black').moveDown(0.4);
  }
  document.end();
  return done;
}
