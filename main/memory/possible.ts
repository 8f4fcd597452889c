/** What of the settings that are asked for a model can have. */
import { longestContext } from '../../shared/contextSteps.ts';
import { type LoadSettings, withoutShares } from '../../shared/schemas/memory.ts';
import { canSpeculate } from '../../shared/speculation.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import type { Found } from './found.ts';

/**
 * llama.cpp keeps values in blocks only with flash attention, so a quantized cache brings it. Beyond the context that a model can have
 * llama-server answers nothing, whatever memory it took for it. What cannot guess for the model does not.
 */
export const possible = (settings: LoadSettings, { model: { facts }, draft }: Found): LoadSettings => ({
  ...(settings.speculation && !canSpeculate(settings.speculation, facts, draft?.facts) ? withoutGuesses(settings) : settings),
  contextSize: Math.min(settings.contextSize, longest(settings, facts) ?? Infinity),
  flashAttention: settings.flashAttention || settings.kvType !== 'f16',
});

/** The longest context in tokens; undefined where the model does not say. */
export const longest = (settings: LoadSettings, { contextLength, stretch }: ModelFacts): number | undefined =>
  contextLength && longestContext(contextLength, settings, stretch?.ways);

/** Nothing is guessed ahead. */
export const withoutGuesses = ({ speculation: _, ...settings }: LoadSettings): LoadSettings => settings;

/** llama.cpp is asked the same whatever the shares: which card has which layer is our own sum. */
export const dividedByMemory = (settings: LoadSettings): LoadSettings => ({ ...settings, ...(settings.cards && { cards: withoutShares(settings.cards) }) });

/** What only llama-server does is left out. */
export const withoutServer = (settings: LoadSettings): LoadSettings => dividedByMemory(withoutGuesses(settings));
