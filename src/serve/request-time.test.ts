import { equal, match } from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import fastify from 'fastify';
import { limitRequestTime } from './request-time.ts';

test('a body that dribbles is cut off, but for a file, and a slow answer is not', async (t) => {
  const app = fastify();
  limitRequestTime(app, 200, (url) => url === '/file');
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  for (const url of ['/log', '/file'])
    app.post(url, async ({ body }) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return body;
    });
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
  t.after(() => app.close());
  const send = (url: string, pieces: readonly string[]) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1');
      let got = '';
      socket.setEncoding('utf8').on('data', (text: string) => (got += text));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(got));
      const length = pieces.join('').length;
      socket.write(
        `POST ${url} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: x/y\r\ncontent-length: ${length}\r\n\r\n`,
      );
      pieces.forEach((piece, index) => setTimeout(() => socket.write(piece), index * 300));
    });
  match(await send('/log', ['whole']), /^HTTP\/1.1 200 /);
  match(await send('/log', ['a', 'b', 'c']), /^HTTP\/1.1 408 /);
  const long = await send('/file', ['a', 'b', 'c']);
  match(long, /^HTTP\/1.1 200 /);
  equal(long.endsWith('abc'), true);
});
