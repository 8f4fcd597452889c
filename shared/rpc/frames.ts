/** The five frames on the wire. */
import * as z from 'zod/mini';
import { appError } from '../result.ts';

const id = z.int();
const outcome = z.union([z.object({ ok: z.literal(true), value: z.optional(z.unknown()) }), z.object({ ok: z.literal(false), error: appError })]);

export const frame = z.discriminatedUnion('t', [
  z.object({ t: z.literal('call'), id, method: z.string(), input: z.optional(z.unknown()) }),
  z.object({ t: z.literal('cancel'), id }),
  z.object({ t: z.literal('more'), id, n: z.int() }),
  z.object({ t: z.literal('event'), id, event: z.optional(z.unknown()) }),
  z.object({ t: z.literal('end'), id, result: outcome }),
]);
export type Frame = z.infer<typeof frame>;

/** How many events of a stream may be under way before the producer waits for the reader. */
export const WINDOW = 32;
