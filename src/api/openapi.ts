import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';

/** The OpenAPI 3.1 document of some endpoints. */
export function openApiDocument(endpoints: readonly Endpoint[], version: string): object {
  const paths: Record<string, object> = {};
  for (const { audience, method, path, summary, input, answer, takesBytes } of endpoints) {
    const ofPath = new Set([...path.matchAll(/:(\w+)/g)].map(([, name]) => name));
    const shape = Object.entries<z.ZodType>(input.shape);
    const parameters = shape
      .filter(([name]) => method === 'GET' || takesBytes === true || ofPath.has(name))
      .map(([name, schema]) => {
        const { description, ...rest } = z.toJSONSchema(schema, { io: 'input' });
        return {
          name,
          in: ofPath.has(name) ? 'path' : 'query',
          required: ofPath.has(name) || !schema.safeParse(undefined).success,
          ...(description === undefined ? {} : { description }),
          schema: withoutDialect(rest),
        };
      });
    const body = z.strictObject(Object.fromEntries(shape.filter(([name]) => !ofPath.has(name))));
    const content =
      typeof answer === 'string'
        ? { [answer]: { schema: { type: 'string' } } }
        : { 'application/json': { schema: withoutDialect(z.toJSONSchema(answer)) } };
    const url = path.replaceAll(/:(\w+)/g, '{$1}');
    paths[url] = {
      ...paths[url],
      [method.toLowerCase()]: {
        summary,
        description: audience === 'anyone' ? 'For anyone.' : `For the roles ${audience.join(', ')}.`,
        ...(audience === 'anyone' ? {} : { security: [{ token: [] }] }),
        parameters,
        ...(takesBytes === true
          ? {
              requestBody: {
                required: true,
                content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
              },
            }
          : {}),
        ...(method === 'POST' && takesBytes !== true
          ? {
              requestBody: {
                required: true,
                content: { 'application/json': { schema: withoutDialect(z.toJSONSchema(body, { io: 'input' })) } },
              },
            }
          : {}),
        responses: {
          200: { description: 'As asked.', content },
          400: { description: 'Something in the question is not as it must be; the answer says what.' },
          ...(audience === 'anyone'
            ? {}
            : {
                401: { description: 'No token, or one that is not known.' },
                403: { description: 'Not for this role.' },
              }),
        },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Wardwatch', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    paths,
  };
}

function withoutDialect(schema: object): object {
  const { $schema: _, ...rest } = schema as { $schema?: unknown };
  return rest;
}
