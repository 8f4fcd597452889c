/** Finds the largest whole number that fits, of something that takes more the larger it is, with few questions. */

export interface Search {
  low: number;
  high: number;
  /** What is left at `at`, in bytes; less than 0: it does not fit. Nearly a straight line, with steps. */
  spare(at: number): Promise<number>;
}

/**
 * The largest number from `low` to `high` that was seen to fit where the one above was seen not to; undefined where `low`
 * does not fit. Follows the straight line, and halves what is left when that gets nowhere.
 */
export async function largest({ low, high, spare }: Search): Promise<number | undefined> {
  let above = { at: high, left: await spare(high) };
  if (above.left >= 0) return high;
  let below: { at: number; left: number } | undefined;
  const look = async (at: number): Promise<void> => {
    const left = await spare(at);
    if (left >= 0) below = { at, left };
    else above = { at, left };
  };
  if (above.at === low) return undefined;
  await look(low);
  if (!below) return undefined;
  for (let step = 1; above.at - below.at > 1; step++) {
    const part = step % 3 === 0 ? 0.5 : below.left / (below.left - above.left);
    const at = below.at + Math.floor((above.at - below.at) * part);
    await look(Math.min(Math.max(at, below.at + 1), above.at - 1));
  }
  return below.at;
}
