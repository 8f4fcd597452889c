/** llama.cpp's own `llama-bench`, built from the source and run with the libraries that the app uses. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod/mini';
import { usesAmx } from '../main/engine/amx.ts';
import { linkLibraries, packageFolder, packageName, sourceBundle } from '../main/engine/serverPackage.ts';

const run = promisify(execFile);
const rows = z.array(z.object({ n_prompt: z.int(), n_gen: z.int(), avg_ts: z.number() }));

export interface LlamaBench {
  /** Tokens per second of a prompt and of an answer of so many tokens, each alone. */
  measure(model: string, prompt: number, answer: number): Promise<{ promptPerSecond: number; tokensPerSecond: number }>;
}

/** Compiles it into `folder`, which takes some 10 s; `amx`: may use it. Throws where the package or a C++ compiler is missing. */
export async function buildLlamaBench(folder: string, threads: number, amx: boolean): Promise<LlamaBench> {
  const home = packageFolder(packageName('cpu'));
  const libraries = home && linkLibraries(home);
  if (!libraries) throw new Error('node-llama-cpp has no libraries for this machine to link with');
  const source = path.join(folder, 'llama.cpp');
  const executable = path.join(folder, 'llama-bench');
  rmSync(source, { recursive: true, force: true });
  await run('git', ['clone', '--quiet', sourceBundle(), source]);
  const tool = path.join(source, 'tools/llama-bench');
  await run('c++', [
    ...['-std=c++17', '-O3', '-DNDEBUG', '-DLLAMA_SHARED', '-DGGML_SHARED', '-DGGML_BACKEND_SHARED'],
    ...['.', 'include', 'ggml/include', 'src', 'common', 'vendor'].map((each) => `-I${path.join(source, each)}`),
    ...readdirSync(tool)
      .filter((name) => name.endsWith('.cpp'))
      .map((name) => path.join(tool, name)),
    ...['-o', executable, ...libraries, '-lpthread', '-Wl,-rpath,$ORIGIN'],
  ]);
  // Backends are looked for beside the executable.
  for (const name of readdirSync(home))
    if (/\.so$/.test(name) && (amx || !usesAmx(name)) && !existsSync(path.join(folder, name))) symlinkSync(path.join(home, name), path.join(folder, name));
  return {
    async measure(model, prompt, answer) {
      const sizes = ['-p', String(prompt), '-n', String(answer), '-b', '512', '-ub', '512'];
      const { stdout } = await run(executable, ['-m', model, ...sizes, '-t', String(threads), '-fa', '1', '-r', '1', '-o', 'json'], { maxBuffer: 2 ** 24 });
      const said = rows.parse(JSON.parse(stdout));
      return {
        promptPerSecond: said.find(({ n_prompt }) => n_prompt > 0)!.avg_ts,
        tokensPerSecond: said.find(({ n_gen }) => n_gen > 0)!.avg_ts,
      };
    },
  };
}
