/** How an engine process ended, in words for people. */
import { Fault } from '../../shared/result.ts';
import type { EngineExit } from '../platform.ts';
import { lastComplaint } from './llamaLog.ts';

const signals: Record<string, string> = {
  SIGKILL: 'it was ended from outside, as the system does when memory runs out',
  SIGSEGV: 'it read memory that is not its own',
  SIGABRT: 'llama.cpp gave up',
  SIGILL: 'it used an instruction that this processor does not have',
  SIGBUS: 'a file that it was reading changed or vanished',
};

/** What a person is told about an engine that went away by itself: llama.cpp's last complaint, else what the signal means. */
export function crashFault({ code, signal, lastWords }: EngineExit): Fault {
  const complaint = lastComplaint(lastWords.split('\n'));
  const ended = signal ? `${signals[signal] ?? 'it was ended'} (${signal})` : `it ended with code ${code}`;
  const reason = signal === 'SIGKILL' || !complaint ? ended : complaint;
  return new Fault('engine.crashed', `The engine stopped: ${reason}`, { reason });
}
