/** Numbers for people, by locale. File sizes are decimal (as the Hub and file managers show them); memory is counted in 2^30 and written GB (as card makers do). */

export interface Format {
  locale: string;
  /** A size on disk, from bytes: `5.6 GB`, `5,6 Go`. Decimal. */
  fileSize(bytes: number): string;
  /** Memory, from bytes: `6.4 GB` is 6.4 times 2^30. */
  memory(bytes: number): string;
  /** Used and total memory in one unit, from bytes: `6.2 / 8.0 GB`. */
  memoryOf(used: number, total: number): string;
  /** A transfer rate, from bytes per second. Decimal. */
  rate(bytesPerSecond: number): string;
  /** How fast an answer comes, from tokens per second: `41.3 tok/s`. */
  speed(tokensPerSecond: number): string;
  /** A length of time, from milliseconds: `0.35 s`, `4.2 s`, `3 min 20 s`, `1 h 05 min`. */
  duration(ms: number): string;
  /** A whole number with the locale's separators. */
  count(n: number): string;
  /** A large count in short: `1.2M`. */
  compact(n: number): string;
  /** A context size in units of 1,024 tokens: `16k`; the plain number below 1,024. */
  context(tokens: number): string;
  /** A share from 0 to 1, in whole percent. */
  percent(share: number): string;
  /** A day, from an ISO 8601 time. */
  day(iso: string): string;
}

const fileUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** The formatter of a locale such as `en-GB` or `fr`. */
export function createFormat(locale: string): Format {
  const number = (n: number, options: Intl.NumberFormatOptions): string => new Intl.NumberFormat(locale, options).format(n);
  const fixed = (n: number, digits: number): string => number(n, { minimumFractionDigits: digits, maximumFractionDigits: digits });

  /** Which unit of `step` a size is told in, and with how many decimals. */
  const scale = (bytes: number, step: number): { value: number; power: number; digits: number } => {
    let power = 0;
    let value = bytes;
    while (Math.abs(value) >= step * 0.9995 && power < fileUnits.length - 1) {
      value /= step;
      power++;
    }
    const digits = power < 2 ? 0 : power === 2 && Math.abs(value) >= 100 ? 0 : 1;
    return { value, power, digits };
  };
  const sized = (value: number, power: number, digits: number, per = ''): string =>
    number(value, {
      style: 'unit',
      unit: `${fileUnits[power]}${per}`,
      unitDisplay: power === 0 && per === '' ? 'long' : 'short',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  const size = (bytes: number, step: number, per = ''): string => {
    const { value, power, digits } = scale(bytes, step);
    return sized(value, power, digits, per);
  };

  return {
    locale,
    fileSize: (bytes) => size(bytes, 1000),
    memory: (bytes) => size(bytes, 1024),
    memoryOf(used, total) {
      const { value, power, digits } = scale(total, 1024);
      return `${fixed(used / 1024 ** power, digits)} / ${sized(value, power, digits)}`;
    },
    rate: (bytesPerSecond) => size(bytesPerSecond, 1000, '-per-second'),
    speed: (tokensPerSecond) => `${fixed(tokensPerSecond, tokensPerSecond < 100 ? 1 : 0)} tok/s`,
    duration(ms) {
      const seconds = ms / 1000;
      if (seconds < 1) return `${fixed(seconds, 2)} s`;
      if (seconds < 9.95) return `${fixed(seconds, 1)} s`;
      const whole = Math.round(seconds);
      if (whole < 60) return `${whole} s`;
      if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
      const minutes = Math.round(seconds / 60);
      return `${number(Math.floor(minutes / 60), {})} h ${String(minutes % 60).padStart(2, '0')} min`;
    },
    count: (n) => number(n, { maximumFractionDigits: 0 }),
    // British English's own short form of a million is a small m, which reads as milli.
    compact: (n) => new Intl.NumberFormat(locale.startsWith('en') ? 'en' : locale, { notation: 'compact', maximumFractionDigits: 1 }).format(n),
    context: (tokens) => (tokens < 1024 ? number(tokens, {}) : `${number(tokens / 1024, { maximumFractionDigits: tokens < 10_240 ? 1 : 0 })}k`),
    percent: (share) => number(share, { style: 'percent', maximumFractionDigits: 0 }),
    day: (iso) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(iso)),
  };
}
