import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions, TLSSocket } from 'node:tls';
import { limitConnections } from './limit-connections.ts';
import { type DoorServices, hostAndPort, type Listen, type OpenDoor } from './door.ts';

const MAX_CONNECTIONS = 1000;
/** Whoever only begins to shake hands holds a connection, too. */
const HANDSHAKE_MS = 10_000;

/** Whoever signed it: a source is known by the very certificate that it was registered with. */
const ASK_FOR_CERTIFICATE = { requestCert: true, rejectUnauthorized: false } as const;

/** One source's connection. */
export interface StreamConnection {
  /** Reads no more, keeps what was read, and closes. */
  finish(): Promise<void>;
}

/**
 * Listens on TCP, or on TLS where `tls` is given, and makes a connection of each socket. Sockets come paused.
 *
 * @param allowHalfOpen the other side may end its half and still wait for an answer; the connection then ends ours
 */
export async function openStream(
  listen: Listen,
  tls: TlsOptions | null,
  door: string,
  services: DoorServices,
  connect: (socket: Socket, onClose: () => void) => StreamConnection,
  allowHalfOpen = false,
): Promise<OpenDoor> {
  const connections = new Set<StreamConnection>();
  const take = (socket: Socket) => {
    if (socket.destroyed) return;
    const connection = connect(socket, () => connections.delete(connection));
    connections.add(connection);
  };
  const server: Server =
    tls === null
      ? createTcpServer({ pauseOnConnect: true, allowHalfOpen }, take)
      : createTlsServer({ ...ASK_FOR_CERTIFICATE, ...tls, allowHalfOpen, handshakeTimeout: HANDSHAKE_MS }, take);
  limitConnections(server, MAX_CONNECTIONS, () => services.count(door, 'too-many-connections'));
  server.on('tlsClientError', () => services.count(door, 'tls-failed'));
  await listening(server, listen);
  const address = server.address();
  return {
    address: typeof address === 'object' && address !== null ? hostAndPort(address.address, address.port) : '',
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...connections].map((connection) => connection.finish()));
      await closed;
    },
  };
}

/** SHA-256, hex, of the certificate that the other side shows; `null`: it shows none. */
export function fingerprintOf(socket: Socket): string | null {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  return certificate?.fingerprint256.replaceAll(':', '').toLowerCase() ?? null;
}

function listening(server: Server, { host, port }: Listen): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
