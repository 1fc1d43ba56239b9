import { equal, match } from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import fastify from 'fastify';
import { endConnectionsOnClose, limitRequestTime } from './request-time.ts';

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

test('who is being answered when the service ends does not hold it up', async () => {
  const app = fastify({ forceCloseConnections: 'idle' });
  endConnectionsOnClose(app);
  let isAsked: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  app.get('/', async () => {
    isAsked();
    await new Promise((resolve) => setTimeout(resolve, 200));
    return 'done';
  });
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
  const agent = new Agent({ keepAlive: true });
  const answer = new Promise<string>((resolve) =>
    get({ port: Number(port), host: '127.0.0.1', agent }, (response) => {
      response.resume();
      resolve(String(response.headers.connection));
    }),
  );
  await asked;
  const closed = app.close();
  equal(await answer, 'close');
  // With the connection kept, this would wait for 72 seconds.
  await Promise.race([
    closed,
    new Promise((_, reject) => setTimeout(() => reject(new Error('it waits')), 10_000).unref()),
  ]);
  agent.destroy();
});
