/** The repositories of the sample hub: one small model that really runs, and the true shapes of big ones. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytes, type Content, file, headerAndHole } from './content.ts';
import type { Card, RepositorySpec } from './repository.ts';

/** The small vision model that really answers. */
export const tinyRepo = 'atelier/Tiny-Qwen3.5-VL-GGUF';
/** Listed for everybody, refused to who has no access. */
export const gatedRepo = 'meta-llama/Llama-3.1-8B-Instruct-GGUF';

/** A model card: YAML front matter, then the text. */
function readme(card: Card, body: string): Content {
  const lines = Object.entries(card).flatMap(([key, value]) =>
    Array.isArray(value) ? [`${key}:`, ...value.map((each) => `- ${each}`)] : [`${key}: ${value}`],
  );
  return bytes(`---\n${lines.join('\n')}\n---\n\n${body}`);
}

/** A card as publishers write them: headings, a list, a table, code, a link, and a picture from elsewhere. */
const about = (repo: string, files: string[]) => `# ${repo.split('/')[1]}

![The publisher's banner](https://example.com/banner.png)

A sample: real shapes and sizes, no weights. It can be **measured and downloaded**, but not run.

## Files

| File | Use |
| --- | --- |
${files.map((path) => `| \`${path}\` | A quantization |`).join('\n')}

## How to run it

1. Download a file.
2. Start it:

\`\`\`sh
llama-server -m ${files[0]}
\`\`\`

More about quantizations: [llama.cpp](https://github.com/ggml-org/llama.cpp).
`;

/** Templates as short as they can be that do what those of the true models do. */
const templates = {
  tools: `{% if tools %}<tools>{% for tool in tools %}{{ tool | tojson }}{% endfor %}</tools>{% endif %}{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}`,
  get thinking() {
    return `${this.tools}{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}`;
  },
};

/** A card that tries what no card may do. */
const hostile = `# Speech

<script>document.title = 'taken over'</script>
<img src="x" onerror="document.title = 'taken over'">
<iframe src="https://example.com"></iframe>

[A link that runs](javascript:document.title='taken') and <a href="https://example.com" onclick="steal()">one in HTML</a>.
`;

const attributes = () => bytes('*.gguf filter=lfs diff=lfs merge=lfs -text\n');

/** Everything the sample hub serves, from the folder of fixtures. */
export function builtinRepositories(fixtures: string): RepositorySpec[] {
  const sizes = new Map<string, number>();
  const index: { file: string; fileSize: number }[] = JSON.parse(readFileSync(join(fixtures, 'headers/index.json'), 'utf8'));
  for (const { file: name, fileSize } of index) sizes.set(name, fileSize);
  const contents = new Map<string, Content>();
  /** One content per header, so that its hash is looked up once. */
  const shape = (name: string): Content => {
    const size = sizes.get(name);
    if (size === undefined) throw new Error(`${name} is not in headers/index.json`);
    const content = contents.get(name) ?? headerAndHole(join(fixtures, 'headers', name), size);
    contents.set(name, content);
    return content;
  };
  /** A repository of true shapes; `files` maps the name on the Hub to the header. */
  const shapes = (repo: string, files: Record<string, string>, card: Card, rest: Partial<RepositorySpec>): RepositorySpec => ({
    repo,
    card,
    files: {
      '.gitattributes': attributes(),
      'README.md': readme(card, about(repo, Object.keys(files))),
      ...Object.fromEntries(Object.entries(files).map(([path, name]) => [path, shape(name)])),
    },
    chatTemplate: card.base_model?.[0]?.startsWith('Qwen/') ? templates.thinking : templates.tools,
    ...rest,
  });
  const qwen = (base: string, library = true): Card => ({
    license: 'apache-2.0',
    base_model: [base],
    ...(library ? { library_name: 'transformers' } : {}),
    pipeline_tag: 'text-generation',
    language: ['en', 'zh', 'fr'],
    tags: ['qwen3_5', 'unsloth'],
  });
  const nine = (prefix: string, labels: string[]) => Object.fromEntries(labels.map((label) => [`${prefix}-${label}.gguf`, `qwen3.5-9b-${label}.gguf`]));
  const dates = { createdAt: '2026-03-02T09:00:00.000Z', lastModified: '2026-03-12T10:00:00.000Z' };
  const llama: Card = { license: 'llama3.1', base_model: ['meta-llama/Llama-3.1-8B-Instruct'], pipeline_tag: 'text-generation', language: ['en', 'fr'] };
  return [
    tiny(join(fixtures, 'tiny-qwen3.5-vl')),
    shapes('unsloth/Qwen3.5-9B-GGUF', nine('Qwen3.5-9B', ['IQ4_XS', 'Q2_K', 'Q3_K_M', 'Q4_K_M', 'Q5_K_M', 'Q6_K', 'Q8_0']), qwen('Qwen/Qwen3.5-9B'), {
      ...{ downloads: 1_580_056, likes: 920, trendingScore: 8.333 },
      ...dates,
      createdAt: '2026-02-28T13:04:29.000Z',
    }),
    shapes('unsloth/Qwen3.5-0.8B-GGUF', { 'Qwen3.5-0.8B-Q4_K_M.gguf': 'qwen3.5-0.8b-Q4_K_M.gguf' }, qwen('Qwen/Qwen3.5-0.8B'), {
      ...{ downloads: 310_400, likes: 140, trendingScore: 2.5 },
      ...dates,
    }),
    shapes('unsloth/Qwen3.5-4B-GGUF', { 'Qwen3.5-4B-Q4_K_M.gguf': 'qwen3.5-4b-Q4_K_M.gguf' }, qwen('Qwen/Qwen3.5-4B'), {
      ...{ downloads: 900_000, likes: 300, trendingScore: 4 },
      ...dates,
    }),
    shapes('unsloth/Qwen3.5-27B-GGUF', { 'Qwen3.5-27B-Q4_K_M.gguf': 'qwen3.5-27b-Q4_K_M.gguf' }, qwen('Qwen/Qwen3.5-27B', false), {
      ...{ downloads: 1_205_300, likes: 1071, trendingScore: 6.2 },
      ...dates,
    }),
    shapes('unsloth/Qwen3.5-35B-A3B-GGUF', { 'Qwen3.5-35B-A3B-Q4_K_M.gguf': 'qwen3.5-35b-a3b-Q4_K_M.gguf' }, qwen('Qwen/Qwen3.5-35B-A3B', false), {
      ...{ downloads: 1_340_900, likes: 1502, trendingScore: 7.1 },
      ...dates,
    }),
    shapes(
      'lmstudio-community/Qwen3.5-9B-GGUF',
      nine('Qwen3.5-9B', ['Q4_K_M', 'Q6_K', 'Q8_0']),
      { license: 'apache-2.0', base_model: ['Qwen/Qwen3.5-9B'] },
      {
        ...{ downloads: 402_118, likes: 61, trendingScore: 1.5 },
        ...dates,
      },
    ),
    shapes(
      'bartowski/Qwen_Qwen3.5-9B-GGUF',
      nine('Qwen_Qwen3.5-9B', ['IQ4_XS', 'Q3_K_M', 'Q4_K_M', 'Q5_K_M', 'Q6_K', 'Q8_0']),
      { ...qwen('Qwen/Qwen3.5-9B'), tags: [] },
      {
        ...{ downloads: 268_733, likes: 88, trendingScore: 1.2 },
        ...dates,
      },
    ),
    shapes('bartowski/Meta-Llama-3.1-8B-Instruct-GGUF', { 'Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf': 'llama-3.1-8b-Q4_K_M.gguf' }, llama, {
      ...{ downloads: 512_007, likes: 402, trendingScore: 0.9 },
      ...{ createdAt: '2024-07-23T15:46:38.000Z', lastModified: '2024-11-22T10:00:00.000Z' },
    }),
    shapes(
      'ggml-org/gpt-oss-20b-GGUF',
      { 'gpt-oss-20b-MXFP4.gguf': 'gpt-oss-20b-MXFP4.gguf' },
      { license: 'apache-2.0', base_model: ['openai/gpt-oss-20b'], pipeline_tag: 'text-generation' },
      {
        ...{ downloads: 880_241, likes: 196, trendingScore: 3.4 },
        ...{ createdAt: '2025-08-05T16:40:00.000Z', lastModified: '2025-08-14T08:12:00.000Z' },
      },
    ),
    shapes(gatedRepo, { 'Llama-3.1-8B-Instruct-Q4_K_M.gguf': 'llama-3.1-8b-Q4_K_M.gguf' }, llama, {
      gated: 'manual',
      ...{ downloads: 95_020, likes: 233, trendingScore: 0.5 },
      ...{ createdAt: '2024-07-18T08:56:00.000Z', lastModified: '2024-09-25T17:00:57.000Z' },
    }),
    speech(),
  ];
}

/** A model of an architecture that llama.cpp does not know, with a card that is not to be trusted and a scan that is not done. */
function speech(): RepositorySpec {
  const card: Card = { license: 'cc-by-nc-4.0', pipeline_tag: 'automatic-speech-recognition', language: ['en'] };
  return {
    repo: 'atelier/Sample-Speech-GGUF',
    card,
    files: { '.gitattributes': attributes(), 'README.md': readme(card, hostile), 'Sample-Speech-F32.gguf': bytes(smallGguf('conformer', 16_384)) },
    security: { scansDone: false, filesWithIssues: [] },
    ...{ downloads: 12_400, likes: 3, trendingScore: 0.2 },
    ...{ createdAt: '2026-05-04T10:00:00.000Z', lastModified: '2026-05-04T10:00:00.000Z' },
  };
}

/** A whole GGUF of one F32 tensor. */
function smallGguf(architecture: string, elements: number): Buffer {
  const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const u64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
  const text = (value: string) => Buffer.concat([u64(value.length), Buffer.from(value)]);
  const metadata = [text('general.architecture'), u32(8), text(architecture)];
  const tensor = [text('encoder.weight'), u32(1), u64(elements), u32(0), u64(0)];
  const header = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(1), u64(1), ...metadata, ...tensor]);
  return Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32), Buffer.alloc(elements * 4)]);
}

/** The fixture model as a publisher would upload it: whole files and the projector beside the card, the split in a folder of its own. */
function tiny(folder: string): RepositorySpec {
  const card: Card = {
    license: 'apache-2.0',
    base_model: ['atelier/Tiny-Qwen3.5-VL'],
    library_name: 'transformers',
    pipeline_tag: 'image-text-to-text',
    language: ['en', 'fr'],
    tags: ['qwen3_5', 'vision'],
  };
  const config = { architectures: ['Qwen3_5ForConditionalGeneration'], model_type: 'qwen3_5' };
  const files: Record<string, Content> = {
    '.gitattributes': attributes(),
    'README.md': readme(card, readFileSync(join(folder, 'README.md'), 'utf8')),
    'config.json': bytes(`${JSON.stringify(config, null, 2)}\n`),
  };
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.gguf')) continue;
    const split = /-(Q8_0)-\d{5}-of-\d{5}\.gguf$/.exec(name);
    files[split ? `${split[1]}/${name}` : name] = file(join(folder, name));
  }
  const counts = { downloads: 1024, likes: 24, trendingScore: 100 };
  return { repo: tinyRepo, card, files, ...counts, createdAt: '2026-09-01T08:00:00.000Z', lastModified: '2026-09-20T12:00:00.000Z' };
}
