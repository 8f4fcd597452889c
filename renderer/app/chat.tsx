/** The chat, loaded when first shown: Markdown, code and formulas weigh more than the rest of the page. */
import { type ComponentType, lazy } from 'react';

// biome-ignore lint/suspicious/noExplicitAny: until features/chat is there.
const parts = import.meta.glob<any>('../features/chat/Chat{View,List}.tsx');
const part = <P,>(name: 'ChatView' | 'ChatList') =>
  lazy(async () => ({ default: ((await parts[`../features/chat/${name}.tsx`]?.())?.[name] ?? (() => null)) as ComponentType<P> }));

export const ChatView = part<{ chatId: string | undefined }>('ChatView');
export const ChatList = part<object>('ChatList');
