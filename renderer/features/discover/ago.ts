/** How long ago something was, in words. */

const steps: [unit: Intl.RelativeTimeFormatUnit, ms: number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** `3 hours ago`; `iso` is a time of ISO 8601, `now` in ms. */
export function ago(locale: string, iso: string, now: number): string {
  const passed = Math.max(0, now - Date.parse(iso));
  const [unit, ms] = steps.find(([, each]) => passed >= each) ?? ['minute' as const, 60_000];
  return new Intl.RelativeTimeFormat(locale, { numeric: 'always' }).format(-Math.floor(passed / ms), unit);
}
