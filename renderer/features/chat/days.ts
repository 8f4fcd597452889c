/** Groups of chats by day, as the person's calendar has it. */
import type { ChatSummary } from '../../../shared/schemas/chat.ts';

export type Day = 'today' | 'yesterday' | 'earlier';

/** The day of an ISO 8601 time, seen from `now`; a clock that ran ahead counts as today. */
export function dayOf(iso: string, now: Date): Day {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const dayBefore = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  const time = new Date(iso);
  return time >= midnight ? 'today' : time >= dayBefore ? 'yesterday' : 'earlier';
}

/** Chats by the day they were last changed, in the order given; days without any are left out. */
export function byDay(chats: readonly ChatSummary[], now: Date): { day: Day; chats: ChatSummary[] }[] {
  const days: Day[] = ['today', 'yesterday', 'earlier'];
  return days.map((day) => ({ day, chats: chats.filter((chat) => dayOf(chat.updatedAt, now) === day) })).filter((group) => group.chats.length > 0);
}
