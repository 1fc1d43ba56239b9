import { ENDPOINTS } from '../src/api/endpoints.ts';

const ROUTES = ENDPOINTS.map((endpoint) => ({
  ...endpoint,
  pattern: new RegExp(`^(?:/simulated)?${endpoint.path.replace(/:\w+/g, '[^/]+')}$`),
  // `/incidents/:id` also fits `/incidents/page`, which goes first.
  isExact: !endpoint.path.includes(':'),
})).sort((a, b) => Number(b.isExact) - Number(a.isExact));

/**
 * Where an answer is not what its endpoint says that it answers; `null`: it is, or nothing is said of it.
 *
 * @param url path and query
 */
export function contradictionIn(method: string, url: string, status: number, text: string): string | null {
  if (status !== 200) return null;
  const [path = ''] = url.split('?');
  const route = ROUTES.find((each) => each.method === method && each.pattern.test(path));
  if (route === undefined || typeof route.answer === 'string') return null;
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return `${method} ${path}: no JSON`;
  }
  const { error } = route.answer.safeParse(answer);
  return error === undefined
    ? null
    : `${method} ${path}: ${error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`;
}
