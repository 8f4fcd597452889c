/** For tests: a company's certificate authority, and HTTPS servers on loopback that only it vouches for. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface TestAuthority {
  /** PEM file of its own certificate. */
  file: string;
  /** An HTTPS server with a certificate for `name`, whatever name it is asked by. */
  serve(answer: RequestListener, name?: string): Promise<SecureServer>;
}

export interface SecureServer {
  /** `https://localhost:<port>`. */
  origin: string;
  /** Every request that came through, oldest first. */
  log: Pick<IncomingMessage, 'url' | 'headers'>[];
  /** Connections that were made, whether or not a request came over them. */
  connections(): number;
  close(): Promise<void>;
}

/** Undefined where there is no openssl to make certificates with. */
export function createAuthority(folder: string): TestAuthority | undefined {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  try {
    openssl('version');
  } catch {
    return undefined;
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Company');
  return {
    file: join(folder, 'ca.pem'),
    async serve(answer, name = 'localhost') {
      openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', `/CN=${name}`);
      writeFileSync(join(folder, 'names'), `subjectAltName=DNS:${name}`);
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
      openssl('x509', '-req', '-in', 'server.csr', ...signed, '-out', 'server.pem');
      const log: SecureServer['log'] = [];
      let connections = 0;
      const server = createServer({ key: readFileSync(join(folder, 'server.key')), cert: readFileSync(join(folder, 'server.pem')) }, (request, response) => {
        log.push({ url: request.url, headers: request.headers });
        answer(request, response);
      });
      server.on('connection', () => connections++);
      await new Promise<void>((resolve) => server.listen(0, resolve));
      return {
        origin: `https://localhost:${(server.address() as AddressInfo).port}`,
        log,
        connections: () => connections,
        close: () =>
          new Promise((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      };
    },
  };
}
