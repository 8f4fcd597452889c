/** Ollama's store: manifests that name blobs by their sha256. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { type Found, type FoundFile, type FoundModel, factsOf } from './scan.ts';

const digest = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/));
const manifest = z.object({ layers: z.array(z.object({ mediaType: z.string(), digest: z.string() })) });
const modelLayer = 'application/vnd.ollama.image.model';
const projectorLayer = 'application/vnd.ollama.image.projector';
/** Larger ones are no manifests. */
const manifestLimit = 2 ** 20;

/** The models of `folder` (`OLLAMA_MODELS`): one for each tag whose blob is there. A store that cannot be read counts as empty. */
export async function scanOllama(folder: string): Promise<Found> {
  const models: FoundModel[] = [];
  for (const path of await manifests(join(folder, 'manifests'), '', 4)) {
    const model = await modelOf(folder, path).catch(() => undefined);
    if (model) models.push(model);
  }
  return { models, projectors: [] };
}

/** `<registry>/<namespace>/<model>/<tag>`, four names deep. */
async function manifests(folder: string, prefix: string, depth: number): Promise<string[]> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch(() => []);
  const below = entries
    .filter((entry) => !entry.name.startsWith('.') && (depth > 1 ? entry.isDirectory() : entry.isFile()))
    .map(({ name }) => (prefix ? `${prefix}/${name}` : name));
  return depth === 1 ? below : (await Promise.all(below.map((path) => manifests(folder, path, depth - 1)))).flat();
}

async function modelOf(folder: string, path: string): Promise<FoundModel | undefined> {
  const file = join(folder, 'manifests', path);
  if ((await stat(file)).size > manifestLimit) return undefined;
  const { layers } = manifest.parse(JSON.parse(await readFile(file, 'utf8')));
  const blobs = async (type: string): Promise<FoundFile[]> => {
    const all = await Promise.all(layers.filter(({ mediaType }) => mediaType === type).map((layer) => blobOf(folder, layer.digest)));
    return all.filter((blob) => blob !== undefined);
  };
  const [files, [projector]] = await Promise.all([blobs(modelLayer), blobs(projectorLayer)]);
  // A model of several layers is one that this llama.cpp could not be given as files.
  if (files.length !== 1) return undefined;
  const [registry, namespace, model, tag] = path.split('/') as [string, string, string, string];
  const own = namespace === 'library';
  return {
    id: file.replaceAll('\\', '/'),
    repo: registry === 'hf.co' ? `${namespace}/${model}` : `${registry}/${namespace}/${model}`,
    name: `${own ? '' : `${namespace}/`}${model}:${tag}`,
    files,
    label: undefined,
    incomplete: false,
    ...(projector && { projector }),
  };
}

/** The digest is a path's end only when it is a digest. */
async function blobOf(folder: string, of: string): Promise<FoundFile | undefined> {
  const known = digest.safeParse(of);
  if (!known.success) return undefined;
  const sha256 = known.data.slice('sha256:'.length);
  const within = `blobs/sha256-${sha256}`;
  const file = join(folder, within);
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? { path: file.replaceAll('\\', '/'), within, ...factsOf(found), sha256 } : undefined;
}
