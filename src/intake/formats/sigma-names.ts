import type { Fields, FieldValue } from '../../core/event.ts';

/**
 * The names that Sigma's rules of a category use for what products call otherwise.
 *
 * Source: Sigma specification, taxonomy appendix (2.1.0), and the rules of SigmaHQ, which use more than it lists.
 */

function textOf(value: FieldValue): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function set(fields: Fields, name: string, value: FieldValue): void {
  if (value !== undefined && value !== null && value !== '' && fields[name] === undefined) fields[name] = value;
}

/** What a proxy saw: the whole address, and its parts. */
export function addProxyNames(fields: Fields, uri: string | null): void {
  if (uri === null) return;
  set(fields, 'c-uri', uri);
  set(fields, 'cs-uri', uri);
  const [, host, path = ''] = /^(?:[a-z][a-z0-9+.-]{0,20}:\/\/)?([^/?#]*)([^]*)$/i.exec(uri) ?? [];
  const mark = path.indexOf('?');
  const stem = mark < 0 ? path : path.slice(0, mark);
  if (host !== undefined && host !== '') set(fields, 'cs-host', host.replace(/:\d{1,5}$/, ''));
  set(fields, 'cs-uri-stem', stem);
  if (mark >= 0) {
    set(fields, 'c-uri-query', path.slice(mark + 1));
    set(fields, 'cs-uri-query', path.slice(mark + 1));
  }
  set(fields, 'c-uri-extension', /\.([A-Za-z0-9]{1,10})$/.exec(stem)?.[1]);
  set(fields, 'r-dns', fields['cs-host']);
  set(fields, 'c-useragent', fields['cs-user-agent']);
  set(fields, 'cs-cookie', fields['cs(Cookie)']);
}

/**
 * What a web server was asked. Most rules look for a path in `cs-uri-query`: it is a list of two there, the query by
 * itself and the whole target, or the path alone where there is no query.
 */
export function addWebServerNames(fields: Fields): void {
  const stem = textOf(fields['cs-uri-stem']);
  const query = textOf(fields['cs-uri-query']);
  if (stem !== null) {
    set(fields, 'c-uri', query === null ? stem : `${stem}?${query}`);
    fields['cs-uri-query'] = query === null ? stem : [query, `${stem}?${query}`];
  }
  set(fields, 'c-useragent', fields['cs-user-agent']);
}

/** What Zeek calls by its own names. `service` is the log's name. */
export function addZeekNames(fields: Fields, service: string | null): void {
  if (service === 'dns') {
    set(fields, 'record_type', fields['qtype_name']);
    set(fields, 'answer', fields['answers']);
  }
  if (service !== 'http') return;
  const host = textOf(fields['host']);
  const uri = textOf(fields['uri']);
  set(fields, 'cs-host', host);
  set(fields, 'cs-method', fields['method']);
  set(fields, 'sc-status', fields['status_code']);
  set(fields, 'c-useragent', fields['user_agent']);
  set(fields, 'cs-referrer', fields['referrer']);
  set(fields, 'dst_ip', fields['id.resp_h']);
  set(fields, 'src_ip', fields['id.orig_h']);
  if (uri !== null) addProxyNames(fields, /^[a-z]+:\/\//i.test(uri) || host === null ? uri : `http://${host}${uri}`);
}
