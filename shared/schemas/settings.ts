/** The person's settings with their defaults. */
import * as z from 'zod/mini';
import { defaultLoadSettings, loadSettings } from './memory.ts';

export const settings = z.object({
  language: z._default(z.enum(['system', 'en', 'fr']), 'system'),
  theme: z._default(z.enum(['system', 'light', 'dark']), 'system'),
  /** For every load that says nothing else. */
  load: z._default(loadSettings, defaultLoadSettings),
  /** Let a model think where its template can be switched. */
  thinking: z._default(z.boolean(), false),
  systemPrompt: z._default(z.string().check(z.maxLength(100_000)), ''),
  temperature: z._default(z.number().check(z.minimum(0), z.maximum(2)), 0.7),
});
export type Settings = z.infer<typeof settings>;

export const defaultSettings: Settings = settings.parse({});
