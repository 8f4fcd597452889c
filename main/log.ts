/** A levelled logger: short lines on stderr for people, JSON lines in a rotating file for reports, no secrets in either. */
import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const levels = ['debug', 'info', 'warn', 'error'] as const;
type LogLevel = (typeof levels)[number];

type Write = (message: string, data?: Record<string, unknown>) => void;

export interface Log extends Record<LogLevel, Write> {
  /** The same log, its lines marked with the part of the app that writes them. */
  scope(name: string): Log;
}

export interface LogOptions {
  /** Where `atelier.log` and the older `atelier.1.log`, ... lie; made when missing. Without it nothing is written to disk. */
  folder?: string | undefined;
  /** Less urgent lines are dropped. */
  level?: LogLevel;
  /** Bytes after which a new file begins. */
  maxBytes?: number;
  /** Older files that are kept. */
  keep?: number;
  /** Takes the short lines, stderr unless told otherwise. */
  print?: (line: string) => void;
}

const secrets: [RegExp, string][] = [
  [/hf_(?:(?:oauth|jwt)_[\w.-]+|[A-Za-z0-9]{10,})/g, 'hf_[redacted]'],
  [/\b(proxy-)?(authorization)(\\*["']?\s*[:=]\s*\\*["']?)(?:(bearer|basic|digest|token)\s+)?[^\s"',;}\\]+/gi, '$1$2$3[redacted]'],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, '$1 [redacted]'],
];

/** The text without Hugging Face tokens and without the values of Authorization headers. */
export function redact(text: string): string {
  return secrets.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}

/** Opens the log. Logging never throws: when the file cannot be written, the lines go to stderr only. */
export function createLog(options: LogOptions = {}): Log {
  const { folder, level = 'info', maxBytes = 2 * 2 ** 20, keep = 3, print = (line) => process.stderr.write(`${line}\n`) } = options;
  const file = folder && join(folder, 'atelier.log');
  let size: number | undefined;

  const numbered = (n: number): string => join(folder!, n === 0 ? 'atelier.log' : `atelier.${n}.log`);
  const append = (line: string): void => {
    if (!file) return;
    try {
      if (size === undefined) mkdirSync(folder!, { recursive: true });
      size ??= statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (size > 0 && size + Buffer.byteLength(line) > maxBytes) {
        rmSync(numbered(keep), { force: true });
        for (let n = keep - 1; n >= 0; n--) if (statSync(numbered(n), { throwIfNoEntry: false })) renameSync(numbered(n), numbered(n + 1));
        size = 0;
      }
      appendFileSync(file, line, { mode: 0o600 });
      size += Buffer.byteLength(line);
    } catch {
      size = undefined;
    }
  };

  const at = (scope: string | undefined): Log => {
    const write =
      (urgency: LogLevel): Write =>
      (message, data) => {
        if (levels.indexOf(urgency) < levels.indexOf(level)) return;
        const time = new Date().toISOString();
        append(`${redact(toJson({ time, level: urgency, scope, message, ...(data && { data: JSON.parse(toJson(data)) }) }))}\n`);
        const details = data
          ? ` ${Object.entries(data)
              .map(([key, value]) => `${key}=${short(key, value)}`)
              .join(' ')}`
          : '';
        print(redact(`${time.slice(11, 19)} ${urgency.padEnd(5)} ${scope ? `${scope}: ` : ''}${message}${details}`));
      };
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), scope: at };
  };
  return at(undefined);
}

/** JSON of anything: errors with their stack and cause, loops cut, bytes counted, Authorization left out however it is nested. */
function toJson(value: unknown): string {
  // From the outermost to where we are: what was given, and what is written in its place.
  const path: { raw: unknown; written: unknown }[] = [];
  try {
    return JSON.stringify(value, function replace(this: unknown, key, raw) {
      while (path.length > 0 && path.at(-1)!.written !== this) path.pop();
      const written = plain(key, raw);
      if (typeof written !== 'object' || written === null) return written;
      if (path.some((outer) => outer.raw === raw)) return '[loop]';
      path.push({ raw, written });
      return written;
    });
  } catch (error) {
    return JSON.stringify(`[cannot be written: ${error}]`);
  }
}

function plain(key: string, value: unknown): unknown {
  if (/^(proxy-)?authorization$/i.test(key)) return '[redacted]';
  if (value instanceof Error) return { ...value, name: value.name, message: value.message, stack: value.stack, cause: value.cause };
  if (value instanceof Headers) return Object.fromEntries(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  return typeof value === 'bigint' ? String(value) : value;
}

function short(key: string, value: unknown): string {
  return value instanceof Error ? value.message : toJson(plain(key, value));
}
