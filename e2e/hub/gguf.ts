/** What the Hub itself reads out of a GGUF: the `gguf` object of a model's details (protocol 1.3), computed from the header. */
import type { Content } from './content.ts';

/** As the Hub answers it: `total` counts parameters, `totalFileSize` is bytes of the file that was read. Absent values are left out. */
export type GgufInfo = {
  total: number;
  architecture?: string;
  context_length?: number;
  chat_template?: string;
  bos_token?: string;
  eos_token?: string;
  totalFileSize: number;
};

type Value = string | number | boolean | Value[];
/** Bytes of each number type by its GGUF id. */
const widths: Record<number, number> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };

/** Reads keys, values and tensor shapes; throws a RangeError when the bytes at hand end too early. */
function parse(data: Buffer): { metadata: Map<string, Value>; parameters: number } {
  let at = 8;
  const skip = (length: number) => {
    if (at + length > data.length) throw new RangeError('the header goes on');
    at += length;
    return at - length;
  };
  const u32 = () => data.readUInt32LE(skip(4));
  const u64 = () => Number(data.readBigUInt64LE(skip(8)));
  const text = () => {
    const length = u64();
    const start = skip(length);
    return data.toString('utf8', start, start + length);
  };
  const value = (type: number): Value => {
    if (type === 8) return text();
    if (type === 9) {
      const inner = u32();
      return Array.from({ length: u64() }, () => value(inner));
    }
    const start = skip(widths[type] ?? Number.POSITIVE_INFINITY);
    if (type === 7) return data[start] !== 0;
    if (type === 6) return data.readFloatLE(start);
    if (type === 12) return data.readDoubleLE(start);
    if (type === 10) return Number(data.readBigUInt64LE(start));
    if (type === 11) return Number(data.readBigInt64LE(start));
    return type % 2 === 0 ? data.readUIntLE(start, widths[type]!) : data.readIntLE(start, widths[type]!);
  };
  const tensors = u64();
  const keys = u64();
  const metadata = new Map<string, Value>();
  for (let i = 0; i < keys; i++) {
    const key = text();
    metadata.set(key, value(u32()));
  }
  let parameters = 0;
  for (let i = 0; i < tensors; i++) {
    text();
    let count = 1;
    for (let dimensions = u32(); dimensions > 0; dimensions--) count *= u64();
    skip(12);
    parameters += count;
  }
  return { metadata, parameters };
}

/** Reads a header, however long, by doubling what is read. Undefined for what is not a GGUF of version 2 or 3. */
async function header(content: Content) {
  for (let length = Math.min(1 << 18, content.size); ; length = Math.min(length * 2, content.size)) {
    const data = await content.read(0, length);
    if (data.toString('latin1', 0, 4) !== 'GGUF' || ![2, 3].includes(data.readUInt32LE(4))) return undefined;
    try {
      return parse(data);
    } catch (error) {
      if (!(error instanceof RangeError) || length === content.size) return undefined;
    }
  }
}

/** The Hub's `gguf` object of one file. With the shards of a split, the parameters of all of them are summed. */
export async function ggufInfo(shards: Content[]): Promise<GgufInfo | undefined> {
  const headers = await Promise.all(shards.map(header));
  const first = headers[0];
  if (!first) return undefined;
  const get = (key: string) => first.metadata.get(key);
  const architecture = get('general.architecture');
  const tokens = get('tokenizer.ggml.tokens');
  const token = (key: string) => {
    const id = get(key);
    return Array.isArray(tokens) && typeof id === 'number' ? tokens[id] : undefined;
  };
  const found = {
    architecture,
    context_length: typeof architecture === 'string' ? get(`${architecture}.context_length`) : undefined,
    chat_template: get('tokenizer.chat_template'),
    bos_token: token('tokenizer.ggml.bos_token_id'),
    eos_token: token('tokenizer.ggml.eos_token_id'),
  };
  return {
    total: headers.reduce((sum, each) => sum + (each?.parameters ?? 0), 0),
    ...Object.fromEntries(Object.entries(found).filter(([, each]) => each !== undefined)),
    totalFileSize: shards.reduce((sum, shard) => sum + shard.size, 0),
  };
}
