/** What goes wrong in one download: 1 to 6 faults, drawn by a seed. */
import type { FaultSpec } from '../e2e/hub/faults.ts';

/** The faults of issue 4, in its words, and what a person does. */
export const kinds = [
  'reset',
  'truncation',
  'stall',
  '5xx',
  '429 with Retry-After',
  'expired link',
  '200 for a range',
  'flipped byte',
  'changed file',
  'redirect elsewhere',
  'slow drip',
  'hub down',
  'kill -9',
  'disk full',
  'pause',
] as const;
export type Kind = (typeof kinds)[number];

export interface PlannedFault {
  kind: Kind;
  /** What the stand-in is told. */
  specs: FaultSpec[];
  /** Of hub down: how long, in milliseconds; of kill -9, disk full and pause: after so many bytes. */
  amount: number;
}

/** How each is seen in the stand-in's log or in how a start ended. */
export const signs: Record<Kind, string[]> = {
  reset: ['reset'],
  truncation: ['truncate'],
  stall: ['stall'],
  '5xx': ['status'],
  '429 with Retry-After': ['rateLimited'],
  'expired link': ['expired'],
  '200 for a range': ['ignoreRange'],
  'flipped byte': ['flip'],
  'changed file': ['etagChanged', 'sizeChanged'],
  'redirect elsewhere': ['redirect'],
  'slow drip': ['slow'],
  'hub down': ['refuse'],
  'kill -9': ['killed'],
  'disk full': ['download.diskFull', 'download.diskLow'],
  pause: ['paused'],
};

/** A number from 0 to before 1 for each call, the same for a seed (mulberry32). */
export function createDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The faults of a download of `size` bytes in segments of `segmentSize`. */
export function plan(seed: number, size: number, segmentSize: number): PlannedFault[] {
  const dice = createDice(seed);
  const upTo = (count: number): number => Math.floor(dice() * count);
  const one = <T>(...choice: T[]): T => choice[upTo(choice.length)]!;
  const segments = size / segmentSize;
  const drawn = new Set<Kind>();
  for (let count = 1 + upTo(6); count > 0; count--) drawn.add(one(...kinds));
  return [...drawn].map((kind) => {
    const nth = 1 + upTo(segments);
    const after = upTo(segmentSize);
    const cdn = { at: 'cdn', nth } as const;
    const specs: Record<Kind, () => FaultSpec[]> = {
      reset: () => [{ ...cdn, kind: 'reset', after, times: one(1, 3) }],
      truncation: () => [{ ...cdn, kind: 'truncate', after, chunked: one(true, false) }],
      stall: () => [{ ...cdn, kind: 'stall', after: one<number | 'nothing'>(after, 'nothing') }],
      '5xx': () => [
        { at: one('cdn', 'cdn', 'hub'), nth: 1, kind: 'status', status: one(500, 502, 503, 504), times: one(1, 3) },
        { ...cdn, kind: 'status', status: 503 },
      ],
      '429 with Retry-After': () => [{ ...cdn, kind: 'rateLimited', seconds: 1, form: one('Retry-After', 'date') }],
      'expired link': () => [{ ...cdn, kind: 'expired', times: one(1, 4) }],
      '200 for a range': () => [{ ...cdn, kind: 'ignoreRange', times: one<number | 'always'>(1, 2, 'always') }],
      'flipped byte': () => [{ at: 'cdn', kind: 'flip', offset: upTo(size) }],
      // The link has to be asked for again for somebody to notice.
      'changed file': () => [
        { ...cdn, kind: 'expired' },
        { at: 'hub', nth: 2, kind: one('etagChanged', 'sizeChanged'), times: 'always' },
      ],
      'redirect elsewhere': () => [
        one<FaultSpec>({ ...cdn, kind: 'redirect', to: 'evil', times: 'always' }, { at: 'hub', kind: 'redirect', to: 'evil', times: 'always' }),
      ],
      'slow drip': () => [{ ...cdn, kind: 'slow', bytesPerSecond: 3e6, times: one(1, 2) }],
      'hub down': () => [],
      'kill -9': () => [],
      'disk full': () => [],
      pause: () => [],
    };
    return { kind, specs: specs[kind](), amount: kind === 'hub down' ? 1200 : upTo(size) };
  });
}

/** A plan in one line. */
export const inWords = (faults: PlannedFault[]): string =>
  faults
    .map(({ kind, specs, amount }) => {
      const where = specs.map(
        ({ at, nth, times, ...spec }) => `${at}#${nth ?? 1}${times === undefined ? '' : `×${times}`}${'offset' in spec ? `@${spec.offset}` : ''}`,
      );
      return `${kind}${where.length > 0 ? ` (${where.join(', ')})` : ` (${amount})`}`;
    })
    .join('; ');
