/** How the next answer in a chat is given, and how that is changed for this chat. */
import { useStore } from 'zustand/react';
import { type AnswerChoice, chooseAnswer } from '../../../../shared/answerChoice.ts';
import type { AnswerChange, AnswerSettings } from '../../../../shared/schemas/answer.ts';
import type { LibraryModel } from '../../../../shared/schemas/library.ts';
import { nextModel } from '../../../stores/engine.ts';
import { useStores } from '../../../stores/index.ts';
import { newChat } from '../drafts.ts';
import { useAct } from '../useAct.ts';
import type { AnswerFieldProps } from './SamplingFields.tsx';

const none: AnswerSettings = {};

interface ChatAnswers extends AnswerFieldProps {
  /** The model that answers next. */
  model: LibraryModel | undefined;
}

/** Of the chat on screen; without `chatId` of the one that the next message begins. */
export function useAnswerSettings(chatId: string | undefined): ChatAnswers {
  const stores = useStores();
  const act = useAct();
  const said = useStore(stores.turn, (state) => (chatId !== undefined && state.chatId === chatId ? state.chat?.settings : undefined));
  const drafted = useStore(stores.drafts, (state) => (chatId === undefined ? state.drafts[newChat]?.settings : undefined));
  const settings = useStore(stores.settings, (state) => state.settings);
  const modelId = useStore(stores.engine, ({ state }) => nextModel(state));
  const model = useStore(stores.library, ({ models }) => models?.find(({ id }) => id === modelId));
  const own = said ?? drafted ?? none;
  const choose = (chat: AnswerSettings): AnswerChoice => chooseAnswer({ chat, settings, modelId, recommended: model?.sampling });
  return {
    own,
    choice: choose(own),
    inherited: choose(none),
    model,
    onChange(change: AnswerChange) {
      if (chatId === undefined) stores.drafts.getState().change(newChat, change);
      else act(stores.turn.getState().changeSettings(chatId, change));
    },
  };
}
