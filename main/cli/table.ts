/** Text for a terminal. */

/** What a file or a model is named by strangers must not move the cursor or colour what follows: only line ends pass. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
export const printable = (text: string): string => text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\u{fffd}');

/** The same without line ends. */
export const oneLine = (text: string): string => printable(text).replaceAll('\n', '\u{fffd}');

/** Columns that line up: rows of the same number of cells, two spaces apart; the columns in `right` hold numbers. */
export function table(named: readonly (readonly string[])[], right: readonly number[] = []): string {
  const rows = named.map((row) => row.map(oneLine));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}
