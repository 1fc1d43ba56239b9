import path from 'node:path';
import { defineConfig, type Plugin } from 'vite';

/** NHS.UK’s style sheet without what it would fetch: Frutiger is not ours to use, its icons are of parts that we have not. */
const nothingFromOutside: Plugin = {
  name: 'nothing-from-outside',
  enforce: 'pre',
  transform(code, id) {
    if (!id.includes('nhsuk-frontend') || !id.endsWith('.css')) return null;
    return (
      code
        .replaceAll(/@font-face\{[^}]*\}/g, '')
        .replaceAll(/url\(\/assets\/[^)]*\)/g, 'none')
        .replaceAll('Frutiger W01,', '')
        // What only Internet Explorer reads, and the minifier cannot.
        .replaceAll('@media screen\\0 and', '@media speech and')
    );
  },
};

export default defineConfig({
  root: import.meta.dirname,
  // Every address of the page is one segment long, so relative ones hold under any path of a reverse proxy.
  base: './',
  plugins: [nothingFromOutside],
  build: {
    outDir: path.join(import.meta.dirname, '..', '..', 'build', 'web'),
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
});
