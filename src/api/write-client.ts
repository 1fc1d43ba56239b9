/** `npm run client`: writes the types of the page’s client anew, after an endpoint was changed. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { clientTypes } from './client-types.ts';
import { ENDPOINTS } from './endpoints.ts';

writeFileSync(path.join(import.meta.dirname, '..', 'web', 'client', 'api.ts'), clientTypes(ENDPOINTS));
