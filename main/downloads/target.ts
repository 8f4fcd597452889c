/** Where a file of a repository lies in the models folder, and nowhere else. */
import { join, resolve, sep } from 'node:path';
import { Fault } from '../../shared/result.ts';

// Windows gives these names to devices, with any ending.
const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const refused = /[\u0000-\u001f\u007f<>:"|?*\\]/;

function isSafe(segment: string): boolean {
  return !refused.test(segment) && !device.test(segment) && !/^\.|[. ]$|^$/.test(segment) && Buffer.byteLength(segment) <= 240;
}

/**
 * The absolute path of a repository's GGUF file: `<models>/<publisher>/<repository>/<path>`.
 * Publishers choose these names, so every segment must be harmless on every system (protocol 2.2). Errors: hub.unsafeName.
 */
export function targetOf(models: string, repo: string, path: string): string {
  const segments = [...repo.split('/'), ...path.split('/')];
  const target = join(models, ...segments);
  if (repo.split('/').length !== 2 || !path.toLowerCase().endsWith('.gguf') || !segments.every(isSafe) || !resolve(target).startsWith(resolve(models) + sep))
    throw new Fault('hub.unsafeName', 'This file has a name that is not safe to write.', { path });
  return target;
}
