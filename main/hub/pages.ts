/** The Hub's pages: only the cursor is taken out of a `Link`, as the link itself may lead anywhere. */

/** The cursor of the next page; undefined on the last one (protocol 1.4). */
export function nextCursor(headers: Headers): string | undefined {
  for (const [, target = '', parameters = ''] of (headers.get('link') ?? '').matchAll(/<([^>]*)>([^,<]*)/g)) {
    if (!/;\s*rel="?next"?\s*(?:;|$)/i.test(parameters)) continue;
    const cursor = /[?&]cursor=([^&]+)/.exec(target)?.[1];
    if (cursor !== undefined) return decode(cursor);
  }
  return undefined;
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
