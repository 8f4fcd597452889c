/** The stand-in answers in the shape of the recorded samples, and its hashes are those of the content. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtinRepositories, gatedRepo, tinyRepo } from './builtin.ts';
import { bytes, headerAndHole } from './content.ts';
import { goodToken, noAccessToken } from './exchange.ts';
import { blobOid, hashAll, headHash } from './hashes.ts';
import holes from './holes.json' with { type: 'json' };
import { type Hub, startHub } from './start.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const sample = (name: string) => JSON.parse(readFileSync(`${fixtures}/hub-samples/${name}`, 'utf8'));
const nine = 'unsloth/Qwen3.5-9B-GGUF';
const file = `${nine}/resolve/main/Qwen3.5-9B-Q4_K_M.gguf`;
let hub: Hub;

beforeAll(async () => {
  hub = await startHub({ repositories: [...builtinRepositories(fixtures), { repo: 'atelier/taken-down', files: { 'a.txt': bytes('a') }, disabled: true }] });
});
afterAll(() => hub.close());

const ask = (path: string, init: RequestInit = {}) => fetch(`${hub.endpoint}/${path}`, { redirect: 'manual', ...init });
const asUser = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
const answer = async (path: string) => (await ask(path)).json();
const kinds = (row: object) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Array.isArray(value) ? 'array' : typeof value]));

describe('lists', () => {
  test('a row with named fields has the keys of the recorded rows, in their order', async () => {
    const recorded = sample('search-front-page.json');
    const { pathname, search } = new URL(recorded.request.path, hub.endpoint);
    const rows = await answer(`${pathname.slice(1)}${search}`);
    const row = rows.find(({ id }: { id: string }) => id === nine);
    const theirs = recorded.body.find(({ id }: { id: string }) => id === 'unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF');
    expect(Object.entries(kinds(row))).toEqual(Object.entries(kinds(theirs)));
    expect(row._id).toMatch(/^[0-9a-f]{24}$/);
  });

  test('a field without a value is absent', async () => {
    const rows = await answer('api/models?filter=gguf&expand[]=pipeline_tag&expand[]=library_name');
    const row = rows.find(({ id }: { id: string }) => id === 'lmstudio-community/Qwen3.5-9B-GGUF');
    expect(Object.keys(row)).toEqual(['_id', 'id']);
  });

  test('a full row has the keys of the sample', async () => {
    const [theirs] = sample('search-full-row.json').body;
    const rows = await answer(`api/models?search=${nine}&filter=gguf&full=true`);
    const { siblings, ...row } = rows[0];
    expect(rows).toHaveLength(1);
    expect(new Set(Object.keys(rows[0]))).toEqual(new Set(Object.keys(theirs)));
    expect(siblings).toContainEqual({ rfilename: 'Qwen3.5-9B-Q4_K_M.gguf' });
    expect(row.tags).toEqual(expect.arrayContaining(['gguf', 'base_model:quantized:Qwen/Qwen3.5-9B', 'license:apache-2.0']));
  });

  test('the gguf object is read from the header', async () => {
    const recorded = sample('search-expanded-gguf.json').body[1].gguf;
    const rows = await answer(`api/models?search=tiny-qwen&expand[]=gguf`);
    expect(kinds(rows[0].gguf)).toMatchObject({
      total: 'number',
      architecture: 'string',
      context_length: 'number',
      chat_template: 'string',
      eos_token: 'string',
    });
    expect(Object.keys(recorded)).toEqual(expect.arrayContaining(Object.keys(rows[0].gguf).filter((key) => key !== 'totalFileSize')));
    const four = await answer('api/models/unsloth/Qwen3.5-4B-GGUF?expand[]=gguf');
    const { total, architecture, context_length } = sample('model-info.json').body.gguf;
    expect(four.gguf).toMatchObject({ total, architecture, context_length });
  });

  test('details with blobs have the keys of the sample and the hash under sha256', async () => {
    const theirs = sample('model-info.json').body;
    const info = await answer(`api/models/${nine}?blobs=true`);
    expect(new Set(Object.keys(info))).toEqual(new Set(Object.keys(theirs)));
    const lfs = info.siblings.find(({ rfilename }: { rfilename: string }) => rfilename.endsWith('Q8_0.gguf'));
    expect(kinds(lfs)).toEqual(kinds(theirs.siblings[1]));
    expect(kinds(lfs.lfs)).toEqual(kinds(theirs.siblings[1].lfs));
    expect(kinds(info.siblings[0])).toEqual(kinds(theirs.siblings[0]));
  });

  test('a tree has the keys of the recorded ones, folders first, then byte order', async () => {
    const entries = await answer(`api/models/${tinyRepo}/tree/main?recursive=true`);
    const theirs = sample('tree-unsloth--gpt-oss-120b-GGUF.json').body;
    for (const type of ['directory', 'file']) {
      for (const lfs of [true, false]) {
        const like = (entry: { type: string; lfs?: object }) => entry.type === type && 'lfs' in entry === lfs;
        const recorded = theirs.find(like);
        for (const entry of entries.filter(like)) expect(Object.entries(kinds(entry))).toEqual(Object.entries(kinds(recorded)));
      }
    }
    expect(entries.map(({ path }: { path: string }) => path)).toEqual([
      'Q8_0',
      '.gitattributes',
      'Q8_0/tiny-qwen3.5-vl-Q8_0-00001-of-00003.gguf',
      'Q8_0/tiny-qwen3.5-vl-Q8_0-00002-of-00003.gguf',
      'Q8_0/tiny-qwen3.5-vl-Q8_0-00003-of-00003.gguf',
      'README.md',
      'config.json',
      'mmproj-tiny-qwen3.5-vl-F16.gguf',
      'tiny-qwen3.5-vl-F16.gguf',
      'tiny-qwen3.5-vl-Q4_K_M.gguf',
      'tiny-qwen3.5-vl-Q6_K.gguf',
      'tiny-qwen3.5-vl-Q8_0.gguf',
    ]);
    for (const { size, lfs } of entries) if (lfs) expect(lfs.pointerSize).toBe(125 + String(size).length);
    expect(await answer(`api/models/${tinyRepo}/tree/main/Q8_0`)).toHaveLength(3);
    expect(await answer(`api/models/${tinyRepo}/tree/main`)).toHaveLength(9);
  });

  test('a gated repository is listed for everybody, with asterisks for hashes', async () => {
    const recorded = sample('tree-google--gemma-3-4b-it-qat-q4_0-gguf.gated.json').body[2];
    const path = `api/models/${gatedRepo}/tree/main`;
    const [hidden] = (await answer(path)).filter((entry: object) => 'lfs' in entry);
    expect(hidden).toMatchObject({ lfs: { oid: recorded.lfs.oid }, xetHash: recorded.xetHash });
    const [open] = (await (await ask(path, asUser(goodToken))).json()).filter((entry: object) => 'lfs' in entry);
    expect(open.lfs.oid).toMatch(/^[0-9a-f]{64}$/);
    expect((await answer(`api/models?search=${gatedRepo}&expand[]=gated`))[0].gated).toBe('manual');
  });

  test('paths-info takes JSON and forms and leaves out what is missing', async () => {
    const path = `api/models/${nine}/paths-info/main`;
    const body = JSON.stringify({ paths: ['Qwen3.5-9B-Q6_K.gguf', 'missing.bin'], expand: false });
    const rows = await (await ask(path, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })).json();
    expect(rows.map((row: object) => Object.entries(kinds(row)))).toEqual([Object.entries(kinds(sample('refs-pathsinfo-manifest.json').pathsInfo.body[0]))]);
    const form = new URLSearchParams([
      ['paths', 'README.md'],
      ['paths', 'missing.bin'],
      ['expand', 'True'],
    ]);
    const expanded = await (await ask(path, { method: 'POST', body: form })).json();
    const { note: _, ...extra } = sample('refs-pathsinfo-manifest.json').treeExpandExtra;
    expect(expanded).toHaveLength(1);
    expect(expanded[0]).toMatchObject({ securityFileStatus: extra.securityFileStatus });
    expect(kinds(expanded[0].lastCommit)).toEqual(kinds(extra.lastCommit));
  });

  test('refs name the commit that resolve tells', async () => {
    const refs = await answer(`api/models/${nine}/refs`);
    expect(kinds(refs)).toEqual(kinds(sample('refs-pathsinfo-manifest.json').refs.body));
    expect((await ask(file)).headers.get('x-repo-commit')).toBe(refs.branches[0].targetCommit);
    expect((await answer(`api/models/${nine}/revision/${refs.branches[0].targetCommit}`)).sha).toBe(refs.branches[0].targetCommit);
  });
});

describe('downloads', () => {
  const recorded = sample('resolve-headers.json');
  const names = (headers: object) => Object.keys(headers).filter((name) => name !== 'date');

  test('a model file is a 302 with the recorded headers, whose length is that of the text', async () => {
    for (const method of ['HEAD', 'GET']) {
      const response = await ask(file, { method });
      expect(response.status).toBe(302);
      expect([...response.headers.keys()]).toEqual(expect.arrayContaining(names(recorded.lfs_or_xet_file.headers)));
      expect(response.headers.get('x-linked-size')).toBe('5627227904');
      expect(response.headers.get('x-linked-etag')).toMatch(/^"[0-9a-f]{64}"$/);
      expect(Number(response.headers.get('content-length'))).toBeLessThan(2000);
      expect(new URL(response.headers.get('location')!).host).toBe(hub.redirectHosts[0]);
      if (method === 'GET') expect(await response.text()).toMatch(/^Found\. Redirecting to http/);
    }
  });

  test('the CDN answers with the recorded headers and its own ETag', async () => {
    const hop = await ask(file);
    const link = hop.headers.get('location')!;
    const part = await fetch(link, { headers: { Range: 'bytes=0-99' } });
    expect(part.status).toBe(206);
    expect([...part.headers.keys()]).toEqual(expect.arrayContaining([...names(recorded.cdn_full.headers), 'content-range']));
    expect(part.headers.get('etag')).toBe(`"${hop.headers.get('x-xet-hash')}"`);
    expect(part.headers.has('x-linked-size') || part.headers.has('x-repo-commit')).toBe(false);
    const past = await fetch(link, { headers: { Range: 'bytes=5627227904-' } });
    expect(past.status).toBe(416);
    for (const name of names(recorded.cdn_range_past_end.headers)) {
      if (name === 'content-range') expect(past.headers.get(name)).toBe('bytes */5627227904');
      else expect(past.headers.get(name)).toBe(recorded.cdn_range_past_end.headers[name]);
    }
  });

  test('a small file is a relative 307 with the recorded headers, then gzipped without a length', async () => {
    const hop = await ask(`${nine}/resolve/main/README.md`);
    expect(hop.status).toBe(307);
    expect([...hop.headers.keys()]).toEqual(expect.arrayContaining(names(recorded.small_file.headers)));
    const location = hop.headers.get('location')!;
    expect(location).toMatch(/^\/api\/resolve-cache\/models\/unsloth\/Qwen3\.5-9B-GGUF\/[0-9a-f]{40}\/README\.md\?/);
    const plain = await fetch(hub.endpoint + location, { headers: { 'Accept-Encoding': 'identity' } });
    expect([...plain.headers.keys()]).toEqual(expect.arrayContaining(names(recorded.small_file_cache.headers)));
    const text = await plain.text();
    expect(`"${blobOid(Buffer.from(text))}"`).toBe(plain.headers.get('etag'));
    const gzipped = await fetch(hub.endpoint + location, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(gzipped.headers.has('content-length')).toBe(false);
    expect(gzipped.headers.get('content-encoding')).toBe('gzip');
    expect(await gzipped.text()).toBe(text);
  });

  test('raw gives the card, and the pointer of a model', async () => {
    expect(await (await ask(`${nine}/raw/main/README.md`)).text()).toMatch(/^---\nlicense: apache-2\.0\n/);
    const pointer = await (await ask(`${nine}/raw/main/Qwen3.5-9B-Q4_K_M.gguf`)).text();
    expect(pointer).toMatch(/^version https:\/\/git-lfs\.github\.com\/spec\/v1\noid sha256:[0-9a-f]{64}\nsize 5627227904\n$/);
    const entry = (await answer(`api/models/${nine}/tree/main`)).find(({ path }: { path: string }) => path.endsWith('Q4_K_M.gguf'));
    expect(blobOid(Buffer.from(pointer))).toBe(entry.oid);
  });
});

describe('errors', () => {
  const gated = `${gatedRepo}/resolve/main/Llama-3.1-8B-Instruct-Q4_K_M.gguf`;
  const cases: Record<string, { paths: string[]; token?: string }> = {
    'repo does not exist (or private), anonymous': { paths: ['api/models/no/body', 'no/body/resolve/main/x.gguf'] },
    'repo does not exist, valid token': { paths: ['api/models/no/body', 'no/body/resolve/main/x.gguf'], token: goodToken },
    'token wrong': { paths: ['api/models', `api/models/${nine}`, file, 'api/whoami-v2'], token: 'hf_wrong' },
    'gated, anonymous (or garbage token)': { paths: [gated] },
    'gated, valid token without access': { paths: [gated], token: noAccessToken },
    'file missing': { paths: [`${nine}/resolve/main/nothing.gguf`] },
    'revision missing': { paths: [`${nine}/resolve/nope/README.md`, `api/models/${nine}/tree/nope`] },
    'repo disabled': { paths: ['atelier/taken-down/resolve/main/a.txt'] },
  };
  const table = sample('errors.json').rows;

  test.each(Object.entries(cases))('%s', async (name, { paths, token }) => {
    const row = table.find((each: { case: string }) => each.case === name);
    for (const path of paths) {
      const response = await ask(path, token ? asUser(token) : {});
      expect(response.status, path).toBe(row.status);
      expect(response.headers.get('x-error-code')).toBe(row.headers['x-error-code'] ?? null);
      const message = row.headers['x-error-message']
        ?.replaceAll('google/gemma-3-4b-it-qat-q4_0-gguf', gatedRepo)
        .replace('https://huggingface.co', hub.endpoint);
      expect(response.headers.get('x-error-message')).toBe(message);
      if (path.startsWith('api/')) expect(await response.json()).toEqual({ error: message });
      else expect(await response.text()).toBe(message);
    }
  });
});

describe('hashes', () => {
  test('are those that Git gives', () => {
    expect(blobOid(Buffer.from(''))).toBe('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391');
    expect(blobOid(Buffer.from('hello\n'))).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
  });

  test('of the tiny model are those of its card', async () => {
    const card = readFileSync(`${fixtures}/tiny-qwen3.5-vl/README.md`, 'utf8');
    const entries = await answer(`api/models/${tinyRepo}/tree/main?recursive=true`);
    const models = entries.filter((entry: object) => 'lfs' in entry);
    expect(models).toHaveLength(8);
    for (const { path, lfs } of models) expect(card).toContain(`| ${path.split('/').at(-1)} | ${lfs.size.toLocaleString('en')} | \`${lfs.oid}\` |`);
  });

  test('of the big shapes come from the table: every header is in it, and the smallest is computed again', async () => {
    const index: { file: string; fileSize: number }[] = JSON.parse(readFileSync(`${fixtures}/headers/index.json`, 'utf8'));
    const contents = index.map(({ file: name, fileSize }) => ({ name, content: headerAndHole(`${fixtures}/headers/${name}`, fileSize) }));
    for (const { name, content } of contents) {
      expect(holes.find((each) => each.file === name)).toMatchObject({ size: content.size, header: await headHash(content) });
    }
    const smallest = contents.reduce((a, b) => (a.content.size < b.content.size ? a : b));
    expect(await hashAll(smallest.content)).toBe(holes.find((each) => each.file === smallest.name)?.sha256);
  });

  test('of a file are those of what the CDN sends', async () => {
    const response = await fetch(`${hub.endpoint}/${tinyRepo}/resolve/main/tiny-qwen3.5-vl-Q4_K_M.gguf`);
    const body = Buffer.from(await response.arrayBuffer());
    const entry = (await answer(`api/models/${tinyRepo}/tree/main`)).find(({ path }: { path: string }) => path.endsWith('Q4_K_M.gguf'));
    expect(createHash('sha256').update(body).digest('hex')).toBe(entry.lfs.oid);
  });
});
