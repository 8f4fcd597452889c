/** What is to be loaded, and how. */
import type { LoadPlan } from '../../shared/contract/control.ts';
import type { LadderStep } from '../../shared/schemas/engine.ts';
import type { EngineChoice, LoadSettings, MemorySplit } from '../../shared/schemas/memory.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import type { Room } from './room.ts';

export interface LoadOrder {
  /** Library id. */
  modelId: string;
  /** Absolute paths in shard order. */
  files: string[];
  projector?: string | undefined;
  /** First shard of the model that guesses, where the plan has one. */
  draft?: string;
  facts: ModelFacts;
  settings: LoadSettings;
  /** The settings with every `auto` decided. */
  plan: LoadPlan;
  /** The estimate that the plan came from, in bytes. */
  predicted?: { gpu: MemorySplit; ram: MemorySplit };
  /** What it needs and what there is. Absent: every other model goes first. */
  room?: Room;
  /** The plan is that of an earlier load, which came to it by these steps. */
  remembered?: LadderStep[];
  /** Absent: node-llama-cpp for text. */
  engine?: EngineChoice;
  /** Nobody asked for it by hand: it does not make up for the crashes before it. */
  automatic?: boolean;
  /** Hears of the plan that worked, and of all the steps to it. */
  onLoaded?(plan: LoadPlan, steps: LadderStep[]): void;
}
