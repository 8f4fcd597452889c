/** The caches of Hugging Face and llama.cpp, whose names say which repository a file is from. */
import { readdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Found, type FoundFile, grouped, scan } from './scan.ts';

/** `models--<owner>--<name>/snapshots/<commit>/<path>`, links into `blobs/<sha256>`. The same content at several commits is listed once. */
export async function scanHuggingFace(folder: string, prefix: string): Promise<Found> {
  const found = await scan(folder, prefix);
  const seen = new Set<string>();
  const fresh = (file: FoundFile): boolean => {
    const { repo, path } = partsOf(file.within);
    const key = `${repo} ${path} ${file.inode}`;
    return !seen.has(key) && seen.add(key).has(key);
  };
  const named = async (file: FoundFile): Promise<FoundFile> => {
    const blob = basename(await realpath(join(folder, file.within)).catch(() => ''));
    return /^[0-9a-f]{64}$/.test(blob) ? { ...file, sha256: blob } : file;
  };
  const models = found.models.filter(({ files }) => files.some(fresh));
  return {
    models: await Promise.all(
      models.map(async (model) => {
        const { repo, commit, path } = partsOf(model.files[0]!.within);
        const known = repo !== undefined && /^[0-9a-f]{40}$/.test(commit);
        return { ...model, files: await Promise.all(model.files.map(named)), ...(repo && { repo }), ...(known && { hub: { repo, commit, path } }) };
      }),
    ),
    projectors: await Promise.all(found.projectors.map(named)),
  };
}

function partsOf(within: string): { repo?: string; commit: string; path: string } {
  const [folder = '', , commit = '', ...path] = within.split('/');
  const [, owner, name] = /^models--(.+?)--(.+)$/.exec(folder) ?? [];
  return { ...(owner && name && { repo: `${owner}/${name}` }), commit, path: path.join('/') };
}

/** One flat folder: `<owner>_<name>_<file>` beside `manifest=<owner>=<name>=<tag>.json`, which tells where the owner ends and the file begins. */
export async function scanLlamaCpp(folder: string, prefix: string): Promise<Found> {
  const names = await readdir(folder).catch(() => []);
  const repos = names.flatMap((name) => {
    const [, owner, repo] = /^manifest=([^=]+)=([^=]+)=/.exec(name) ?? [];
    return owner && repo ? [{ start: `${owner}_${repo}_`, repo: `${owner}/${repo}` }] : [];
  });
  const { models, projectors } = await scan(folder, prefix);
  const files = [...models.flatMap((model) => model.files), ...projectors];
  return grouped(
    files.map((file) => {
      const from = repos.find(({ start }) => file.within.startsWith(start));
      return from ? { ...file, within: `${from.repo}/${file.within.slice(from.start.length)}` } : file;
    }),
  );
}
