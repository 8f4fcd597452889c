/** Which names of a repository's files may ever reach a disk. */

const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** True for a relative path that every system can hold and that stays in its folder (protocol 2.2). */
export function isSafePath(path: string): boolean {
  return path.length > 0 && path.length <= 1024 && path.split('/').every(isSafeSegment);
}

/** True for an `owner/name` that the Hub could have. */
export const isRepo = (text: string): boolean => /^[\w.-]{1,96}\/[\w.-]{1,96}$/.test(text) && isSafePath(text);

function isSafeSegment(segment: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (segment === '' || segment === '.' || segment === '..' || /[\\:*?"<>|\u0000-\u001f\u007f]/.test(segment)) return false;
  return !/[. ]$/.test(segment) && !deviceName.test(segment) && new TextEncoder().encode(segment).length <= 255;
}
