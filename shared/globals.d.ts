// The few globals that Node and every browser have alike; all else must not resolve in shared/.
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
declare const AbortSignal: { prototype: AbortSignal };
interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare const AbortController: { new (): AbortController };
declare function structuredClone<T>(value: T): T;
declare function queueMicrotask(callback: () => void): void;
declare const TextEncoder: { new (): { encode(text: string): Uint8Array<ArrayBuffer> } };
declare const TextDecoder: { new (): { decode(bytes: Uint8Array): string } };
declare const URL: {
  new (text: string): { protocol: string; hostname: string; password: string; search: string; hash: string };
  canParse(text: string): boolean;
};
