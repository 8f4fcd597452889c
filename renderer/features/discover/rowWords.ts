/** The words of a row of the picker: how fast, how long a context, how good. */
import type { TFunction } from 'i18next';
import type { Format } from '../../../shared/format.ts';
import type { KeptQuality } from '../../../shared/quality.ts';
import type { ContextLimits, Estimate, KvType } from '../../../shared/schemas/memory.ts';

/** `~38 tok/s`, or `30–46 tok/s` where the ends are more than 15 % apart; `41 tok/s` where it was measured. */
export function speedWords(t: TFunction<'discover'>, format: Format, { low, high, measured }: NonNullable<Estimate['speed']>): string {
  const number = (n: number): string => new Intl.NumberFormat(format.locale, { maximumFractionDigits: n < 10 ? 1 : 0 }).format(n);
  if (high > low * 1.15) return t('speed.range', { low: number(low), high: number(high) });
  return t(measured ? 'speed.one' : 'speed.about', { n: number((low + high) / 2) });
}

/** The longest context for a cache type: `74k`, `–` where not even the smallest fits. Until q4_0 was asked for, its limit is at least that of q8_0, which takes more. */
export function limitWords(t: TFunction<'discover'>, format: Format, limits: ContextLimits, kv: KvType): string {
  const own = limits[kv];
  const tokens = own === undefined ? limits.q8_0 : own;
  if (tokens === null) return '–';
  return own === undefined ? t('limit.atLeast', { n: format.context(tokens) }) : format.context(tokens);
}

/** Both limits in a line. */
export const limitsLine = (t: TFunction<'discover'>, format: Format, limits: ContextLimits): string =>
  t('limit.both', { f16: limitWords(t, format, limits, 'f16'), q8: limitWords(t, format, limits, 'q8_0') });

/** The number behind the quality's word and where it comes from; undefined where none was published. */
export function qualitySource(t: TFunction<'discover'>, format: Format, { kld, measuredAs, source }: KeptQuality): string | undefined {
  if (kld === undefined || source === undefined) return undefined;
  const n = new Intl.NumberFormat(format.locale, { maximumSignificantDigits: 2 }).format(kld);
  return measuredAs === undefined ? t('kld', { n, source }) : t('kldAs', { n, source, label: measuredAs });
}
