/** What the model reads: the system prompt and the turns on the path. */
import type { Message } from '../../shared/contract/control.ts';
import type { Turn } from '../../shared/schemas/chat.ts';

type Content = Message['content'];

/**
 * The messages for the engine, pictures as paths, in the person's order. What the model thought before is not sent back.
 * Answers that came to nothing are left out, and turns of one role that then follow each other are joined: chat templates demand that roles alternate.
 */
export function toMessages(systemPrompt: string, path: Turn[], blobPath: (sha256: string) => string): Message[] {
  const messages: Message[] = systemPrompt.trim() === '' ? [] : [{ role: 'system', content: [{ type: 'text', text: systemPrompt }] }];
  for (const turn of path) {
    const content = turn.role === 'user' ? asked(turn, blobPath) : answered(turn);
    if (content.length === 0) continue;
    const last = messages.at(-1);
    if (last?.role === turn.role) last.content.push({ type: 'text', text: '\n\n' }, ...content);
    else messages.push({ role: turn.role, content });
  }
  return messages;
}

function asked(turn: Turn, blobPath: (sha256: string) => string): Content {
  return turn.parts.map((part) => (part.type === 'text' ? part : { type: 'image', path: blobPath(part.sent) }));
}

function answered(turn: Turn): Content {
  return turn.text.trim() === '' ? [] : [{ type: 'text', text: turn.text }];
}
