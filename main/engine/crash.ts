/** How an engine process ended, in words for people. */
import { type AppError, Fault, toFault } from '../../shared/result.ts';
import type { CrashCause } from '../../shared/schemas/engine.ts';
import type { EngineExit, EngineProcess } from '../platform.ts';
import { lastComplaint } from './llamaLog.ts';

/** Signals by name, exit codes of Windows, and the reasons that Electron gives in place of either. */
const endings: Record<string, { cause: CrashCause; words: string }> = {
  SIGKILL: { cause: 'killed', words: 'it was ended from outside, as the system does when memory runs out' },
  SIGTERM: { cause: 'killed', words: 'it was ended from outside' },
  SIGSEGV: { cause: 'badMemory', words: 'it read memory that is not its own' },
  SIGABRT: { cause: 'aborted', words: 'llama.cpp gave up' },
  SIGTRAP: { cause: 'aborted', words: 'llama.cpp gave up' },
  SIGFPE: { cause: 'aborted', words: 'it divided by zero' },
  SIGILL: { cause: 'badInstruction', words: 'it used an instruction that this processor does not have' },
  SIGBUS: { cause: 'fileLost', words: 'a file that it was reading changed or vanished' },
  '0xC0000005': { cause: 'badMemory', words: 'it read memory that is not its own' },
  '0xC0000006': { cause: 'fileLost', words: 'a file that it was reading changed or vanished' },
  '0xC0000017': { cause: 'noMemory', words: 'there was no memory left' },
  '0xC000012D': { cause: 'noMemory', words: 'there was no memory left' },
  '0xC000001D': { cause: 'badInstruction', words: 'it used an instruction that this processor does not have' },
  '0xC00000FD': { cause: 'badMemory', words: 'its stack was full' },
  '0xC0000374': { cause: 'badMemory', words: 'its memory was damaged' },
  '0xC0000409': { cause: 'aborted', words: 'llama.cpp gave up' },
  '0xC0000135': { cause: 'missingLibrary', words: 'a library that it needs is missing' },
  '0xC0000139': { cause: 'missingLibrary', words: 'a library that it needs is of another version' },
  '0xC0000142': { cause: 'missingLibrary', words: 'a library that it needs could not be started' },
  '0xC000013A': { cause: 'killed', words: 'it was ended from outside' },
  crashed: { cause: 'badMemory', words: 'it crashed' },
  killed: { cause: 'killed', words: 'it was ended from outside' },
  oom: { cause: 'noMemory', words: 'there was no memory left' },
  'memory-eviction': { cause: 'memoryKiller', words: 'the system ended it for want of memory' },
  'launch-failed': { cause: 'notStarted', words: 'it could not be started' },
};

/** What a shell answers for a child that a signal ended: 128 and the signal's number. */
const shellCodes: Record<number, string> = {
  132: 'SIGILL',
  133: 'SIGTRAP',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
};

/** Of what was written, that which can belong to the end. */
const endLength = 4_000;
const deviceLost = /ErrorDeviceLost|VK_ERROR_DEVICE_LOST|device (?:was )?lost|CUDA error|GPU (?:hang|reset)|kIOGPUCommandBufferCallbackError(?!OutOfMemory)/i;
const noMemory = /out of memory|OutOf(?:Device|Host)Memory|unable to allocate|failed to allocate|insufficient memory|std::bad_alloc|heap limit/i;
const noLibrary = /error while loading shared libraries|cannot open shared object|Library not loaded|ERR_DLOPEN_FAILED/i;

/** What an engine that went away by itself died of, and what the system calls that. */
function causeOf({ code, signal, lastWords, memoryKilled }: EngineExit): { cause: CrashCause; exit: string; words: string } {
  // llama-server takes its engine along, which tells of it in its last line.
  const server = /llama-server ended: it ended with (\w+)\s*$/.exec(lastWords.trimEnd())?.[1];
  const exit = signal ?? exitName(server === undefined ? code : Number.isNaN(Number(server)) ? server : Number(server));
  const { cause, words } = endings[exit] ?? { cause: 'unknown' as const, words: `it ended with ${exit}` };
  const end = lastWords.slice(-endLength);
  if (cause === 'killed') return { cause: memoryKilled ? 'memoryKiller' : cause, exit, words };
  if (cause === 'notStarted' || cause === 'memoryKiller') return { cause, exit, words };
  if (deviceLost.test(end)) return { cause: 'deviceLost', exit, words };
  if (noMemory.test(end)) return { cause: 'noMemory', exit, words };
  if (noLibrary.test(end)) return { cause: 'missingLibrary', exit, words };
  return { cause, exit, words };
}

/** An exit code as the system writes it: Windows' statuses in hexadecimal, a shell's as the signal that they stand for. */
function exitName(code: number | string | null): string {
  if (typeof code === 'string') return code;
  if (code === null) return 'launch-failed';
  const status = code >>> 0;
  return status >= 0x80000000 ? `0x${status.toString(16).toUpperCase()}` : (shellCodes[code] ?? `code ${code}`);
}

/** A native error that says that the graphics card stopped answering. */
export const isDeviceLost = (error: unknown): boolean => error instanceof Error && deviceLost.test(error.message);

/** What a person is told about an engine that went away by itself: llama.cpp's last complaint, else what its end means. */
export function crashFault(gone: EngineExit): Fault {
  const { cause, exit, words } = causeOf(gone);
  const complaint = lastComplaint(gone.lastWords.split('\n'));
  const reason = cause === 'killed' || cause === 'memoryKiller' || !complaint ? `${words} (${exit})` : complaint;
  return new Fault('engine.crashed', `The engine stopped: ${reason}`, { reason, cause, exit });
}

/** `error` as that of a load: an engine that died of it had written nothing that could be kept. */
export function loadError(error: unknown): unknown {
  if (!(error instanceof Fault) || error.code !== 'engine.crashed') return error;
  return new Fault('engine.loadFailed', `The model could not be loaded: ${error.data?.reason}`, error.data);
}

/** The fault behind a call to an engine process: a lost connection is its end, which has words of its own. */
export const callFault = async ({ exited }: EngineProcess, error: AppError): Promise<Fault> =>
  error.code === 'disconnected' ? crashFault(await exited) : toFault(error);
