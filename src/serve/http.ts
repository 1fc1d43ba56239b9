import fastify, { type FastifyInstance } from 'fastify';
import { type ApiParts, api } from '../api/server.ts';
import { bulkDoor } from '../intake/doors/bulk-door.ts';
import { type DoorServices, hostAndPort, type Listen, type OpenDoor } from '../intake/doors/door.ts';
import { fhirDoor } from '../intake/doors/fhir-door.ts';
import { hecDoor } from '../intake/doors/hec-door.ts';
import { MAX_BODY } from '../intake/doors/http-door.ts';
import { otlpDoor } from '../intake/doors/otlp-door.ts';
import { endConnectionsOnClose, limitRequestTime } from './request-time.ts';
import { limitConnections } from '../intake/doors/limit-connections.ts';
import { notFoundForReader, servePage, type WebPage } from './page.ts';
import type { Simulation } from './simulation.ts';

export interface HttpParts {
  readonly listen: Listen;
  /** PEM; `null`: without TLS. */
  readonly tls: { readonly key: string; readonly cert: string } | null;
  readonly services: DoorServices;
  readonly api: ApiParts;
  /** `null`: it was not built. */
  readonly page: WebPage | null;
  /** `null`: none is offered. */
  readonly simulation: Simulation | null;
}

const CONNECTION_TIMEOUT_MS = 60_000;
/** The whole of a request must have come by then: a client that dribbles holds a connection no longer. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Of a file that somebody drops: 2 GiB at 5 Mbit/s. */
const UPLOAD_TIMEOUT_MS = 3_600_000;
const MAX_CONNECTIONS = 2000;

/** The page, the HTTP doors of the shippers, and the API, on one port. */
export async function openHttp({
  listen,
  tls,
  services,
  api: apiParts,
  page,
  simulation,
}: HttpParts): Promise<OpenDoor> {
  const common = {
    bodyLimit: MAX_BODY,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: UPLOAD_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
  } as const;
  const app = (
    tls === null ? fastify(common) : fastify({ ...common, https: { ...tls, minVersion: 'TLSv1.2' } })
  ) as FastifyInstance;
  limitConnections(app.server, MAX_CONNECTIONS, () => services.count('http', 'too-many-connections'));
  endConnectionsOnClose(app);
  limitRequestTime(app, REQUEST_TIMEOUT_MS, (url) => /^(?:\/simulated)?\/api\/v1\/scans(?:\?|$)/.test(url));
  app.decorateRequest('source', undefined);
  app.setNotFoundHandler(async (request, reply) => {
    if (page !== null && notFoundForReader(request, reply, page.index)) return;
    await reply.code(404).send({ code: 'http', message: 'There is nothing here.', hint: 'See /api/v1/openapi.json.' });
  });
  if (page !== null) servePage(app, page);
  simulation?.serve(app);
  await app.register(async (scope) => bulkDoor(scope, services));
  await app.register(async (scope) => hecDoor(scope, services));
  await app.register(async (scope) => fhirDoor(scope, services));
  await app.register(async (scope) => otlpDoor(scope, services));
  await app.register(async (scope) => api(scope, apiParts));
  await app.listen({ host: listen.host, port: listen.port });
  const address = app.server.address();
  const scheme = tls === null ? 'http' : 'https';
  return {
    address:
      address === null || typeof address === 'string'
        ? ''
        : `${scheme}://${hostAndPort(address.address, address.port)}`,
    close: () => app.close(),
  };
}
