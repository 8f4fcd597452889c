/** The engine for conversations: loads the model that is to answer, goes on with what it read of a chat, and keeps the speed of each answer for the next prediction. */
import type { GenerateRequest } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { Loads } from '../engine/loads.ts';
import type { Engine } from '../engine/supervisor.ts';
import type { Speed } from '../memory/speed.ts';
import type { AnswerEngine } from './asking.ts';
import type { Held } from './held.ts';

export interface AnsweringParts {
  engine: Pick<Engine, 'loaded' | 'generate' | 'ledger' | 'stop'>;
  loads: Pick<Loads, 'next' | 'ready'>;
  speed: Pick<Speed, 'record'>;
  held: Pick<Held, 'take' | 'known'>;
}

export function createAnswering({ engine, loads, speed, held }: AnsweringParts): AnswerEngine {
  const modelOf = (id: string) => engine.loaded().find(({ modelId }) => modelId === id)?.model;
  /** A chat may have pictures from when another model answered, or this one was loaded with vision. */
  const refuseUnseen = (modelId: string, { messages }: GenerateRequest): void => {
    const pictures = messages.some(({ content }) => content.some(({ type }) => type === 'image'));
    if (pictures && modelOf(modelId)?.vision === false) throw new Fault('engine.noVision', 'This model cannot see the pictures of this chat');
  };

  return {
    modelId: loads.next,
    slots: (id) => modelOf(id)?.slots ?? 1,
    ready: loads.ready,
    stop: engine.stop,
    async generate({ chatId, modelId }, request, on, signal) {
      refuseUnseen(modelId, request);
      const { slot, follow, release } = await held.take(modelId, chatId);
      try {
        if (signal.aborted) throw new Fault('cancelled', 'Stopped before the first word');
        const read = follow(request.messages);
        const model = modelOf(modelId);
        await engine.generate(modelId, { ...request, slot }, (event) => {
          read(event);
          if (event.type === 'end' && event.stats.tokensPerSecond > 0 && model) speed.record(modelId, model.settings, event.stats.tokensPerSecond);
          on(event);
        });
      } finally {
        release();
      }
    },
    async ledger(chatId, request) {
      const modelId = loads.next() ?? '';
      refuseUnseen(modelId, request);
      const sheet = await engine.ledger(modelId, request);
      const known = held.known(modelId, chatId, request.messages);
      const messages = sheet.messages.map((message, index) => ({ ...message, cached: index < known }));
      const cached = messages.reduce((sum, message) => sum + (message.cached ? message.tokens : 0), 0);
      return { ...sheet, messages, cached: Math.min(sheet.total, cached) };
    },
  };
}
