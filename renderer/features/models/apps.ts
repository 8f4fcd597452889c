/** What the apps are called whose models are used in place. */
import type { OtherApp } from '../../../shared/schemas/library.ts';

export const appNames: Record<OtherApp, string> = {
  lmstudio: 'LM Studio',
  ollama: 'Ollama',
  huggingface: 'Hugging Face',
  llamacpp: 'llama.cpp',
  jan: 'Jan',
  unsloth: 'Unsloth',
};

/** The name of another app; undefined for what is ours or the person's. */
export const appName = (app: string): string | undefined => (appNames as Record<string, string>)[app];
