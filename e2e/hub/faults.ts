/** Everything that can be made to go wrong, addressed by server, path and count (protocol 6.2); `spoil.ts` is what each does. */
import type { Answer, Ask, Slice } from './exchange.ts';

type Kind =
  /** Bytes per second of the body. */
  | { kind: 'slow'; bytesPerSecond: number }
  /** Sends `after` bytes of the body (half of it by default, 'nothing': not even headers), then stays silent until the client goes. */
  | { kind: 'stall'; after?: number | 'nothing' }
  /** Sends `after` bytes (half by default) and closes cleanly: under the full Content-Length, or `chunked` and properly ended. */
  | { kind: 'truncate'; after?: number; chunked?: boolean }
  /** Sends `after` bytes (half by default), then RST. */
  | { kind: 'reset'; after?: number }
  /** Closes the connection without a word. */
  | { kind: 'refuse' }
  /** An error page in HTML. */
  | { kind: 'status'; status: number }
  /** 429; tells how long to wait (seconds) in `RateLimit`, in `Retry-After` as seconds or as a date, or not at all. */
  | { kind: 'rateLimited'; seconds?: number; form?: 'RateLimit' | 'Retry-After' | 'date' | 'bare' }
  /** CDN: 403 as after `Expires`. */
  | { kind: 'expired' }
  /** CDN: the whole file for a Range. */
  | { kind: 'ignoreRange' }
  /** CDN: the same, and no `Accept-Ranges` anywhere. */
  | { kind: 'noRanges' }
  /** CDN: `Content-Range` is off by `shift` bytes (1 by default), or tells another `total`. */
  | { kind: 'wrongRange'; shift?: number; total?: number }
  | { kind: 'unsatisfiable' }
  /** CDN: 400, too big for plain HTTP. */
  | { kind: 'tooBig' }
  /** The body goes on for `count` bytes after what was asked; Content-Length says so. */
  | { kind: 'extraBytes'; count?: number }
  /** The body is gzipped although nobody asked. */
  | { kind: 'gzip' }
  /** CDN: the byte at `offset` of the file (its middle by default) is flipped, wherever an answer holds it. */
  | { kind: 'flip'; offset?: number }
  /** Resolve: another sha256, or another size, than the tree says. */
  | { kind: 'etagChanged' }
  | { kind: 'sizeChanged' }
  /** Gated from now on: 401 to log in, 403 to ask for access. */
  | { kind: 'gated'; status?: 401 | 403 }
  /** The token is no longer known. */
  | { kind: 'badToken' }
  /** 401 without a code, as for a repository that does not exist. */
  | { kind: 'missing' }
  | { kind: 'revisionGone' }
  /** A redirect to `to`: 'evil' (another host), 'self' (a loop) or any Location as it stands. */
  | { kind: 'redirect'; to: string; status?: number }
  /** `Link` and the next page lie on the evil host. */
  | { kind: 'evilLink' }
  /** 200 with somebody else's page. */
  | { kind: 'captivePortal' }
  /** JSON that is cut, is HTML, is empty, is an empty list, has nulls or texts for every value, or a row of two megabytes. */
  | { kind: 'badJson'; form?: 'cut' | 'html' | 'empty' | 'none' | 'nulls' | 'texts' | 'huge' }
  /** 405 to HEAD. */
  | { kind: 'headNotAllowed' };

/** Where and when it goes wrong. */
export type FaultSpec = Kind & {
  at: 'hub' | 'cdn';
  /** Part of the request's path; at the CDN of `owner/name/path` of the file. Every path by default. */
  path?: string;
  method?: string;
  /** The first request that it hits, counted from 1 among those that match. */
  nth?: number;
  /** How many it hits; 1 by default. */
  times?: number | 'always';
};

/** How an answer leaves the server. */
export type Delivery = { bytesPerSecond?: number; stop?: { how: 'stall' | 'close' | 'end' | 'reset'; after: number | 'nothing' } };

/** The request that a fault is held against; `evil` is the evil host's origin, `now` in ms. */
export type FaultContext = { at: 'hub' | 'cdn'; ask: Ask; subject: string; evil: string | undefined; now: number };

/** The list of faults in force. */
export function createFaults() {
  const list: { spec: FaultSpec; seen: number }[] = [];
  return {
    /** Puts a fault in force; the function takes it away again. */
    add(spec: FaultSpec): () => void {
      const entry = { spec, seen: 0 };
      list.push(entry);
      return () => {
        const index = list.indexOf(entry);
        if (index >= 0) list.splice(index, 1);
      };
    },
    clear(): void {
      list.length = 0;
    },
    /** Counts this request and returns the faults that hit it. */
    hitting(context: FaultContext, answer: Answer): FaultSpec[] {
      return list
        .filter(({ spec }) => matches(spec, context, answer))
        .filter((entry) => {
          entry.seen += 1;
          const nth = entry.spec.nth ?? 1;
          return entry.seen >= nth && (entry.spec.times === 'always' || entry.seen < nth + (entry.spec.times ?? 1));
        })
        .map(({ spec }) => spec);
    },
  };
}

function matches(spec: FaultSpec, { at, ask, subject }: FaultContext, answer: Answer): boolean {
  if (spec.at !== at || (spec.path !== undefined && !subject.includes(spec.path)) || (spec.method !== undefined && spec.method !== ask.method)) return false;
  switch (spec.kind) {
    case 'headNotAllowed':
      return ask.method === 'HEAD';
    case 'wrongRange':
    case 'ignoreRange':
      return answer.status === 206;
    case 'flip': {
      if (Buffer.isBuffer(answer.body) || ask.method === 'HEAD') return false;
      const offset = flipped(spec, answer.body);
      return offset >= answer.body.start && offset < answer.body.end;
    }
    case 'etagChanged':
    case 'sizeChanged':
      return answer.headers['X-Linked-ETag'] !== undefined;
    case 'evilLink':
      return answer.headers.Link !== undefined;
    default:
      return true;
  }
}

/** Where a flip lies in the file. */
export const flipped = (spec: { offset?: number }, { content }: Slice) => spec.offset ?? Math.floor(content.size / 2);
