/** The chat, loaded when first shown: Markdown, code and formulas weigh more than the rest of the page. */
import { lazyPart } from '../ui/lazyPart.ts';

export const ChatView = lazyPart(() => import('../features/chat/ChatView.tsx').then((module) => module.ChatView));
export const ChatList = lazyPart(() => import('../features/chat/ChatList.tsx').then((module) => module.ChatList));
