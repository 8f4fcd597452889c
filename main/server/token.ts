/** The secret that a browser must show: in the printed URL once, then in a cookie. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** The token of this data folder, made on first use and readable by its owner only, so that an open page survives a restart. */
export function readToken(dataFolder: string): string {
  const file = path.join(dataFolder, 'token');
  fs.mkdirSync(dataFolder, { recursive: true });
  try {
    const token = fs.readFileSync(file, 'utf8').trim();
    if (/^[0-9a-f]{64}$/.test(token)) return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const token = randomBytes(32).toString('hex');
  fs.writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return token;
}

/** Compares in constant time whatever the lengths. */
export function sameToken(given: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

/** The name of the cookie; cookies do not know ports, so it carries ours. */
export const cookieName = (port: number): string => `atelier-${port}`;

/** The value of one cookie of a `Cookie` header. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
}
