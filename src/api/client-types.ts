import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';

/** As much of JSON Schema as zod writes for our endpoints. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly description?: string;
}

/**
 * What each endpoint takes and answers, as TypeScript for the page: src/web/client/api.ts, which a test holds to be
 * exactly this. The page so imports nothing of the server, and cannot drift from it.
 */
export function clientTypes(endpoints: readonly Endpoint[]): string {
  const lines = endpoints
    // Not for a page: text for other programs.
    .filter(({ answer }) => typeof answer !== 'string' || answer === 'application/x-ndjson')
    .map(({ method, path, summary, input, answer }) => {
      const asked = typeOf(z.toJSONSchema(input, { io: 'input' }) as Schema);
      const given = typeof answer === 'string' ? 'string' : typeOf(z.toJSONSchema(answer) as Schema);
      return `  /** ${summary} */\n  '${method} ${path}': { input: ${asked}; answer: ${given} };`;
    });
  return `// Written by “npm run client” from the endpoints; a test holds it to them.\n\nexport interface Api {\n${lines.join('\n')}\n}\n`;
}

function typeOf(schema: Schema): string {
  const { type, anyOf, oneOf, items, prefixItems } = schema;
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const choices = anyOf ?? oneOf;
  if (choices !== undefined) return choices.map(typeOf).join(' | ');
  if (typeof type === 'object') return type.map((each) => typeOf({ ...schema, type: each })).join(' | ');
  switch (type) {
    case 'object':
      return objectType(schema);
    case 'array':
      if (prefixItems !== undefined) return `readonly [${prefixItems.map(typeOf).join(', ')}]`;
      return items === undefined || items === false ? 'readonly unknown[]' : `readonly (${typeOf(items)})[]`;
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    default:
      return 'unknown';
  }
}

function objectType({ properties, required = [], additionalProperties }: Schema): string {
  const own = Object.entries(properties ?? {}).map(([name, schema]) => {
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
    return `${key}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`;
  });
  if (own.length > 0) return `{ ${own.join('; ')} }`;
  if (typeof additionalProperties !== 'object') return 'Record<string, never>';
  const value = typeOf(additionalProperties);
  return value === 'unknown' ? 'Readonly<Record<string, unknown>>' : `Readonly<Partial<Record<string, ${value}>>>`;
}
