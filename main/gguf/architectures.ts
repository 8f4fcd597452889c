/** The architectures that the bundled llama.cpp knows; the list is made from its source by scripts/architectures.mjs. */
import list from './architectures.json' with { type: 'json' };

const text = new Set(list.text);

/** True when the bundled llama.cpp loads models of this `general.architecture` and they write text. */
export const isRunnable = (architecture: string): boolean => text.has(architecture);
