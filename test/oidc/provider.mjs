// A real OpenID provider, in a process of its own: prints its address. Whoever signs in is who they say they are.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const [redirect] = process.argv.slice(2);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'wardwatch', client_secret: 'a-secret-of-the-test', redirect_uris: [redirect] }],
    claims: { openid: ['sub'], profile: ['preferred_username', 'roles'] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        preferred_username: `${id}@example.nhs.uk`,
        roles: id
          .split('.')
          .slice(1)
          .map((group) => `WW-${group}`),
      }),
    }),
    pkce: { required: () => true },
    cookies: { keys: ['of the test'] },
  });
  server.on('request', provider.callback());
  process.stdout.write(`${issuer}\n`);
});
