/** The chat, loaded when first shown: Markdown, code and formulas weigh more than the rest of the page. */
import { lazy } from 'react';

export const ChatView = lazy(() => import('../features/chat/ChatView.tsx').then((module) => ({ default: module.ChatView })));
export const ChatList = lazy(() => import('../features/chat/ChatList.tsx').then((module) => ({ default: module.ChatList })));
