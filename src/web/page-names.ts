/** The pages: each is one segment of an address, and what it shows is in the query. */
export const PAGE_NAMES = [
  'today',
  'incidents',
  'incident',
  'findings',
  'normal',
  'observations',
  'hunt',
  'files',
  'sources',
  'exceptions',
  'set-aside',
  'settings',
  'rules',
  'local-rule',
  'notices',
  'upkeep',
  'people',
  'trail',
  'records',
  'who-looked',
  'scope',
  'drafts',
  'board',
  'start',
  'ask',
  'about-me',
  'reports',
  'words',
  'account',
  'welcome',
] as const;

export type PageName = (typeof PAGE_NAMES)[number];

export function isPageName(text: string): text is PageName {
  return (PAGE_NAMES as readonly string[]).includes(text);
}
