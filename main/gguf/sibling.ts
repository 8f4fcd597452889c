/** Reads the header of a model's second quantization without its vocabulary, which the first one had: 60 KB in place of 11 MB. */
import { Fault } from '../../shared/result.ts';
import { align, dataBytes, type GgufHeader, parseHeader, type Vocabulary } from './header.ts';
import { readHeader, type Source } from './read.ts';
import type { HeaderBytes } from './slim.ts';

/** What one quantization tells of the others of its repository. */
interface Donor {
  vocabulary: Vocabulary;
  /** Bytes before the vocabulary, and after it up to the data. */
  before: number;
  after: number;
  /** Names and dimensions of all tensors. */
  shape: string;
}

/** Donors are a list of names each; a person looks at a few repositories. */
const mostDonors = 20;
/** Shorter arrays are not worth a second request. */
const longArray = 4096;
/** Bytes by which names and settings of two quantizations may differ. */
const slack = 4096;

/** The donor that a wholly read header makes; undefined where it has no long vocabulary. */
function donorOf({ header }: HeaderBytes): Donor | undefined {
  const isLong = ({ key, count = 0 }: { key: string; count?: number }): boolean => key.startsWith('tokenizer.') && count >= longArray;
  const from = header.entries.findIndex(isLong);
  const to = header.entries.findLastIndex(isLong);
  const first = header.entries[from];
  const last = header.entries[to];
  if (!first || !last) return undefined;
  const within = header.entries.slice(from, to + 1);
  return {
    vocabulary: {
      key: first.key,
      count: first.count!,
      length: last.end - first.start,
      entries: within.map((entry) => ({ ...entry, start: entry.start - first.start, end: entry.end - first.start })),
      metadata: within.flatMap(({ key }) => (header.metadata.has(key) ? [[key, header.metadata.get(key)!] as const] : [])).map(([key, value]) => [key, value]),
    },
    before: first.start,
    after: header.dataOffset - last.end,
    shape: shapeOf(header),
  };
}

/**
 * The header of a file that begins like the donor's. Undefined unless it has the donor's tensors and they account for the file's
 * size to the last byte: then the vocabulary was as long as the donor's (estimation.md 0.3). The bytes have a hole where it is.
 */
async function readLike({ file, size, read }: Source, donor: Donor): Promise<HeaderBytes | undefined> {
  const head = await read(0, Math.min(size, donor.before + slack));
  const begun = attempt(() => parseHeader(head, file, donor.vocabulary));
  if (!begun || !('needs' in begun) || begun.passed === undefined || begun.passed >= size) return undefined;
  const end = Math.min(size, begun.passed + donor.after + slack);
  const bytes = new Uint8Array(end);
  bytes.set(head.subarray(0, end));
  bytes.set(await read(begun.passed, end), begun.passed);
  const header = attempt(() => parseHeader(bytes, file, donor.vocabulary));
  if (!header || 'needs' in header || shapeOf(header) !== donor.shape || !fills(header, size)) return undefined;
  return { header, bytes };
}

/** Every tensor begins where the one before it ends, and the last ends with the file. */
function fills(header: GgufHeader, size: number): boolean {
  let offset = 0;
  for (const tensor of header.tensors) {
    if (tensor.offset !== offset || tensor.bytes === undefined) return false;
    offset += align(tensor.bytes, header.alignment);
  }
  const end = header.dataOffset + dataBytes(header);
  return end <= size && size - end < header.alignment;
}

const shapeOf = (header: GgufHeader): string => header.tensors.map(({ name, dimensions }) => `${name} ${dimensions.join('x')}`).join('\n');

/** A guess that was wrong is no fault of the file. */
function attempt<T>(guess: () => T): T | undefined {
  try {
    return guess();
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** Reads headers of one group (a repository at a commit): the first one wholly while the others wait, the others like it where they can be. */
export function createSiblings(): (group: string, source: Source) => Promise<HeaderBytes> {
  const donors = new Map<string, Promise<Donor | undefined>>();

  return async (group, source) => {
    for (let waiting = donors.get(group); waiting; waiting = donors.get(group)) {
      const donor = await waiting;
      if (donor) return (await readLike(source, donor)) ?? (await readHeader(source));
      if (donors.get(group) === waiting) donors.delete(group);
    }
    const reading = readHeader(source);
    donors.set(
      group,
      reading.then(donorOf).catch(() => undefined),
    );
    if (donors.size > mostDonors) donors.delete(donors.keys().next().value!);
    return reading;
  };
}
