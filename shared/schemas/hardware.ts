/** What this machine has, as the engine sees it. All sizes in bytes. */
import * as z from 'zod/mini';

export const hardware = z.object({
  backend: z.enum(['cuda', 'vulkan', 'metal', 'cpu']),
  gpus: z.array(z.string()),
  vram: z.object({
    total: z.number(),
    /** null: the driver does not tell. */
    free: z.nullable(z.number()),
    /** The GPU shares the machine's RAM. */
    unified: z.boolean(),
  }),
  ram: z.object({ total: z.number(), free: z.number() }),
  cpu: z.object({ name: z.string(), threads: z.int() }),
  disk: z.object({ total: z.number(), free: z.number() }),
  /** Release of the llama.cpp inside, e.g. `b6543`. */
  llamaCpp: z.string(),
});
export type Hardware = z.infer<typeof hardware>;

/** One of several cards. `id` counts from 0 in the order in which the backend of this machine finds them; bytes, `free` null where the driver does not tell. */
export const card = z.object({ id: z.int(), name: z.string(), total: z.number(), free: z.nullable(z.number()) });
export type Card = z.infer<typeof card>;

/** Another program with video memory, in bytes. */
export const videoProgram = z.object({ name: z.string(), bytes: z.number() });
export type VideoProgram = z.infer<typeof videoProgram>;

/** What llama.cpp's answers cost on this machine, measured: from the fastest to the slowest, without a quarter of the tokens on either side. */
export const bandwidth = z.object({
  /** Bytes of weights a second, by the bits of a weight, rising. */
  rates: z.array(z.object({ bits: z.number(), slowest: z.number(), fastest: z.number() })),
  /** Milliseconds of a layer that hardly has weights. */
  layerMs: z.object({ least: z.number(), most: z.number() }),
});
export type Bandwidth = z.infer<typeof bandwidth>;
