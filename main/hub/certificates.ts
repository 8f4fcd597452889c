/** Certificates that are trusted besides the usual ones: those of a company that looks into its traffic. */
import { readFile } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Fault } from '../../shared/result.ts';

const limit = 4 * 2 ** 20;
let usual: string[] | undefined;

/** Trusts the certificates of a PEM file, and no others of before; empty: the usual ones only. The number that it holds. Errors: network.caFile. */
export async function trust(file: string): Promise<number> {
  // As long as nobody chose a file, the process keeps what it started with.
  if (file === '' && !usual) return 0;
  usual ??= getCACertificates('default');
  if (file === '') {
    setDefaultCACertificates(usual);
    return 0;
  }
  try {
    const text = await readFile(file, 'utf8');
    const own = text.length > limit ? [] : (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []);
    if (own.length === 0) throw new Error('no certificate');
    setDefaultCACertificates([...usual, ...own]);
    return own.length;
  } catch (error) {
    setDefaultCACertificates(usual);
    throw new Fault('network.caFile', 'This file holds no certificates that can be read.', { file }, error);
  }
}
