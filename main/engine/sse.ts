/** Server-sent events as they come over the wire: cut anywhere, even inside a character. */

/** A reader that is fed bytes and gives the data of each event that is whole. */
export function createSseReader(): (bytes: Uint8Array) => string[] {
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  return (bytes) => {
    const events: string[] = [];
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/);
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith('data:')) data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      else if (line === '' && data.length > 0) {
        events.push(data.join('\n'));
        data = [];
      }
    }
    return events;
  };
}
