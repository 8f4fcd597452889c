/** Reads llama.cpp's log: the sizes of its buffers, and its last complaint in plain words. */
import { Fault } from '../../shared/result.ts';
import type { MemorySplit } from '../../shared/schemas/memory.ts';

/** Lines kept for looking back. */
const kept = 2_000;

export interface LlamaLog {
  /** Takes a piece of log as it comes, in lines or not. */
  write(text: string): void;
  /** The lines since the last `clear`. */
  lines(): string[];
  clear(): void;
}

/** A log that passes each whole line on and remembers the last ones. */
export function createLog(onLine: (line: string) => void = () => {}): LlamaLog {
  let lines: string[] = [];
  let rest = '';
  return {
    write(text) {
      // node-llama-cpp hands over whole messages, with or without their line end.
      const pieces = (rest + text).split('\n');
      rest = '';
      for (const line of pieces) {
        if (line === '') continue;
        lines.push(line);
        onLine(line);
      }
      if (lines.length > kept) lines = lines.slice(-kept);
    },
    lines: () => lines,
    clear() {
      lines = [];
    },
  };
}

export interface LoggedMemory {
  gpu: MemorySplit;
  ram: MemorySplit;
}

const empty = (): MemorySplit => ({ weights: 0, kvCache: 0, state: 0, compute: 0, projector: 0 });

/**
 * What llama.cpp says it allocated, in bytes; it prints MiB with two decimals, so each buffer is exact to 5 KB.
 * Buffers named CPU*, *_Host or AMX lie in RAM. From `clip_ctx` on, compute belongs to the projector. What is mapped in RAM is left
 * out: its pages give way, and those of weights that the CPU has in a layout of its own are counted a second time there. A context that
 * is laid out once more has its compute buffers printed again; they take the place of those before.
 */
export function readMemory(lines: string[]): LoggedMemory {
  const memory = { gpu: empty(), ram: empty() };
  /** Compute buffers of the context that is being made, by device. */
  let laidOut = new Map<string, number>();
  for (const line of lines) {
    const found = /(\S+)\s+(model|KV|RS|compute|output) buffer size =\s*([\d.]+) MiB/.exec(line);
    if (!found) continue;
    const [, device = '', kind, size] = found;
    if (device === 'CPU_Mapped') continue;
    const side = /^CPU|_Host$|^AMX|^BLAS/.test(device) ? memory.ram : memory.gpu;
    const part = /clip|compute_meta|mtmd/.test(line)
      ? 'projector'
      : (({ model: 'weights', KV: 'kvCache', RS: 'state' } as const)[kind as 'model'] ?? 'compute');
    const bytes = Math.round(Number(size) * 1024 * 1024);
    side[part] += bytes;
    // It begins with its output buffer.
    if (kind === 'output') laidOut = new Map();
    if (kind !== 'compute' || part === 'projector') continue;
    side[part] -= laidOut.get(device) ?? 0;
    laidOut.set(device, bytes);
  }
  return memory;
}

/** Whether the system refused to keep weights in RAM, by what llama.cpp wrote. */
export const isUnlocked = (lines: string[]): boolean => lines.some((line) => /failed to mlock|mlock not supported/.test(line));

/** Why a model could not be loaded, from what llama.cpp wrote before it gave up. */
export function loadFault(file: string, lines: string[], error?: unknown): Fault {
  const text = [...lines, error instanceof Error ? error.message : ''].join('\n');
  const unknown = /unknown (?:model )?architecture: '([^']+)'/.exec(text);
  if (unknown) return new Fault('gguf.architecture', `This llama.cpp does not know the architecture ${unknown[1]}`, { file, architecture: unknown[1] }, error);
  if (/invalid magic|Invalid GGUF magic/i.test(text)) return new Fault('gguf.notGguf', 'This is not a GGUF file', { file }, error);
  if (
    /not within the file bounds|corrupted or incomplete|unexpectedly reached end of file|read error|exceeds remaining file size|failed to read (?:magic|header|key|tensor)/.test(
      text,
    )
  )
    return new Fault('gguf.truncated', 'The file is incomplete', { file }, error);
  if (/out of memory|OutOfDeviceMemory|unable to allocate|failed to allocate|insufficient memory/i.test(text))
    return new Fault('engine.outOfMemory', 'There is not enough memory for this model with these settings', {}, error);
  // The first complaint is about the cause, those behind it about what it led to.
  const first = lines.find((line) => complaint.test(line));
  const reason = first ? plain(first) : error instanceof Error ? error.message : 'llama.cpp gave no reason';
  return new Fault('engine.loadFailed', `The model could not be loaded: ${reason}`, { reason }, error);
}

const complaint = /error|failed|GGML_ASSERT|terminate called|abort|exception|cannot|unable/i;

/** A line without its time and without the name of the function that wrote it. */
const plain = (line: string): string =>
  line
    .replace(/^[\d.]+\s+[A-Z]\s+/, '')
    .replace(/^(?:srv|slot|cmn|\w+_\w+):?\s+(?:\w+:\s+)?/, '')
    .trim();

/** The last line that tells of trouble. */
export function lastComplaint(lines: string[]): string | undefined {
  const line = lines.findLast((line) => complaint.test(line));
  return line && plain(line);
}
