/** What may go wrong, in a form that survives every transport. */
import * as z from 'zod/mini';

/**
 * Every error code that reaches a person. The renderer has one sentence for each in `i18n/<language>/errors.json`,
 * filled from `data`; `message` is the plain English fallback for logs and for the command line.
 */
export const errorCodes = [
  'hub.unreachable', // data: { endpoint }
  'hub.offline', // HF_HUB_OFFLINE is set
  'hub.unauthorized', // the token is wrong
  'hub.gated', // data: { repo, url }
  'hub.notFound', // data: { repo }
  'hub.rateLimited', // data: { seconds }
  'hub.server', // data: { status }
  'hub.badAnswer', // data: { endpoint }: a captive portal, or not JSON
  'hub.refusedRedirect', // data: { host }
  'hub.linkRefused', // the CDN keeps refusing signed links
  'hub.tooBig', // the CDN answers 400: too big for plain HTTP
  'hub.unsafeName', // data: { path }
  'network.proxy', // data: { proxy?, status? }: it cannot be reached, or refuses
  'network.certificate', // data: { endpoint }: nobody trusted vouches for it
  'network.caFile', // data: { file }
  'network.noToken',
  'gguf.notGguf', // data: { file }
  'gguf.truncated', // data: { file }
  'gguf.partMissing', // data: { file }: one of several, and not all are there
  'gguf.bigEndian', // data: { file }
  'gguf.version', // data: { file, version }
  'gguf.limits', // data: { file }: the header claims more than any real file has
  'gguf.architecture', // data: { file, architecture }: this llama.cpp does not know it
  'memory.unknown', // nothing can be said about this file's memory; data: { file }
  'download.diskFull', // data: { missing } in bytes
  'download.diskLow', // data: { missing } in bytes: it paused by itself
  'download.hashMismatch', // data: { file, expected, actual }
  'download.changed', // data: { file }: replaced on the Hub meanwhile
  'download.gone', // data: { file }: no longer in its repository
  'download.stalled', // data: { file }
  'download.notFound', // data: { id }
  'download.readOnly', // data: { folder }: nothing may be written or removed there
  'download.writing', // data: { file, reason }: the file could not be written
  'library.notFound', // data: { id }
  'library.noFile', // data: { path }
  'library.inUse', // data: { id }
  'library.missing', // data: { name, folder }: its drive is not there now
  'library.notOwn', // data: { app: OtherApp }: another app's model is never touched
  'library.exists', // data: { file }
  'library.binFull', // data: { id }: no room for what the bin has to write down
  'library.cannotLink', // data: { file }: on another drive, or a file system without hard links
  'library.notEqual', // data: { file }
  'library.dataChanged', // data: { file }: not only its description
  'library.noModelFor', // data: { file }: a projector that goes with no model
  'library.whichModel', // data: { file, names }: a projector that goes with several
  'library.locked', // data: { folder }: another Atelier works with this models folder
  'library.moving', // the models folder is on its way to another place
  'library.cannotMove', // data: { reason: MoveProblem, folder?, file?, missing?, code? }: the models folder stays where it is
  'engine.notLoaded',
  'engine.busy', // it is answering; data: { modelId? } of a load for which it would have to go
  'engine.crashed', // data: { reason, cause: CrashCause, exit: signal or code as the system writes it }
  'engine.keepsCrashing', // it crashed three times within five minutes; data: that of engine.crashed
  'engine.loadFailed', // data: { reason }, with that of engine.crashed where the engine died of it
  'engine.refused', // it cannot answer this; data: { reason }
  'engine.ejected', // before it could answer
  'engine.replaced', // another model was loaded before it could answer
  'engine.stalled', // a load said nothing for so long; data: { minutes }
  'engine.noBackend', // its libraries or its driver are missing; data: { backend }
  'engine.noCard', // data: { card, cards }: ids of `card`, the one that is gone and those that are there; none where it went just now
  'engine.noVision', // data: { reason: VisionProblem }
  'engine.projectorMismatch', // data: { projector, model, expected, actual }
  'engine.contextFull', // data: { used, context } in tokens
  'engine.contextShared', // by answers that were given at the same time
  'engine.outOfMemory', // data: { needed?, free? } in bytes
  'chat.notFound',
  'turn.notFound',
  'turn.running', // data: { turnId }: one answer at a time in a chat
  'blob.notImage', // data: { name }
  'blob.tooLarge', // data: { name, limit } in bytes
  'blob.notFound',
  'settings.invalid', // data: { key }
  'rpc.unknownMethod',
  'rpc.invalidInput',
  'disconnected',
  'cancelled',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export const appError = z.object({ code: z.enum(errorCodes), message: z.string(), data: z.optional(z.record(z.string(), z.unknown())) });
export type AppError = z.infer<typeof appError>;

/** The answer of anything that crosses a boundary: a value, or an error a person can act on. */
export type Result<T> = { ok: true; value: T } | { ok: false; error: AppError };

/** Thrown by services with a stable code; becomes an `AppError` at the boundary. Anything else becomes `internal`. */
export class Fault extends Error {
  override name = 'Fault';
  readonly code: ErrorCode;
  readonly data: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, data?: Record<string, unknown>, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.data = data;
  }
}

/** The error as it is sent and stored: a `Fault` keeps its code, everything else is `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof Fault) return error.data ? { code: error.code, message: error.message, data: error.data } : { code: error.code, message: error.message };
  return { code: 'internal', message: 'Something unexpected went wrong. The log has the details.' };
}

/** The `Fault` that an `AppError` stood for on the other side of a boundary. */
export function toFault(error: AppError): Fault {
  return new Fault(error.code, error.message, error.data);
}
