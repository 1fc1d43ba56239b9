import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';

/** The OpenAPI 3.1 document of some endpoints. */
export function openApiDocument(endpoints: readonly Endpoint[], version: string): object {
  const paths: Record<string, object> = {};
  for (const { audience, method, path, summary, query, answer } of endpoints) {
    const parameters = Object.entries(query.shape).map(([name, schema]) => {
      const { description, ...rest } = z.toJSONSchema(schema as z.ZodType, { io: 'input' });
      return {
        name,
        in: 'query',
        required: !(schema as z.ZodType).safeParse(undefined).success,
        ...(description === undefined ? {} : { description }),
        schema: withoutDialect(rest),
      };
    });
    const content =
      typeof answer === 'string'
        ? { [answer]: { schema: { type: 'string' } } }
        : { 'application/json': { schema: withoutDialect(z.toJSONSchema(answer)) } };
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: {
        summary,
        description: audience === 'anyone' ? 'For anyone.' : `For the roles ${audience.join(', ')}.`,
        ...(audience === 'anyone' ? {} : { security: [{ token: [] }] }),
        parameters,
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
