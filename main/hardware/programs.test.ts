/** What drivers say of processes becomes a list of programs; the drivers are texts as they print them. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { drmClient, nvidiaUses, readPrograms } from './programs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-programs-'));
  // No tool but the one that a test puts there.
  vi.stubEnv('PATH', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const amd = (client: number, kibibytes: number): string =>
  `pos:\t0\nflags:\t02100002\ndrm-driver:\tamdgpu\ndrm-client-id:\t${client}\ndrm-pdev:\t0000:03:00.0\ndrm-memory-vram:\t${kibibytes} KiB\ndrm-memory-gtt:\t9999 KiB\n`;

function addProcess(pid: number, name: string, parent: number, files: string[]): void {
  const own = path.join(folder, 'proc', String(pid));
  for (const each of ['fd', 'fdinfo']) mkdirSync(path.join(own, each), { recursive: true });
  writeFileSync(path.join(own, 'comm'), `${name}\n`);
  writeFileSync(path.join(own, 'stat'), `${pid} (${name}) S ${parent} ${pid}`);
  for (const [fd, info] of files.entries()) {
    symlinkSync('/dev/dri/renderD128', path.join(own, 'fd', String(fd)));
    writeFileSync(path.join(own, 'fdinfo', String(fd)), info);
  }
}
const nvidia = `
GPU 00000000:01:00.0
    Processes
        GPU instance ID                   : N/A
        Compute instance ID               : N/A
        Process ID                        : 70
            Type                          : G
            Name                          : /usr/lib/xorg/Xorg vt2
            Used GPU Memory               : 245 MiB
        Process ID                        : 71
            Type                          : C+G
            Name                          : C:\\Windows\\explorer.exe
            Used GPU Memory               : Not available in WDDM driver model
`;

test('programs of an AMD card: a client that is open twice counts once, ours and small ones not at all', async () => {
  addProcess(40, 'game', 1, [amd(1, 2 ** 20), amd(1, 2 ** 20), amd(2, 2 ** 19)]);
  addProcess(41, 'browser', 1, [amd(3, 300 * 1024)]);
  addProcess(42, 'browser', 41, [amd(4, 200 * 1024)]);
  addProcess(43, 'clock', 1, [amd(5, 1024)]);
  addProcess(50, 'atelier', 1, []);
  addProcess(51, 'engine', 50, [amd(6, 2 ** 21)]);
  writeFileSync(path.join(folder, 'proc', 'uptime'), '1 1');
  expect(await readPrograms(50, path.join(folder, 'proc'))).toEqual([
    { name: 'game', bytes: 1.5 * 2 ** 30 },
    { name: 'browser', bytes: 500 * 2 ** 20 },
  ]);
});

test('programs of an NVIDIA card, as its tool lists them', async () => {
  expect(nvidiaUses(nvidia)).toEqual([{ pid: 70, name: 'Xorg', bytes: 245 * 2 ** 20 }]);
  writeFileSync(path.join(folder, 'nvidia-smi'), `#!/bin/sh\n[ "$*" = "-q -d PIDS" ] && printf '%s\n' '${nvidia}'\n`);
  chmodSync(path.join(folder, 'nvidia-smi'), 0o755);
  expect(await readPrograms(50, path.join(folder, 'proc'))).toEqual([{ name: 'Xorg', bytes: 245 * 2 ** 20 }]);
});

test('without a card, and with a text that is none, there are no programs', async () => {
  expect(await readPrograms(50, path.join(folder, 'proc'))).toEqual([]);
  expect(nvidiaUses('No devices were found')).toEqual([]);
  expect(drmClient('drm-driver:\tvirtio\n')).toBeUndefined();
  expect(drmClient('drm-client-id:\t7\ndrm-pdev:\tx\ndrm-resident-vram0:\t3 MiB\ndrm-total-vram0:\t9 MiB\n')).toEqual({ client: 'x 7', bytes: 3 * 2 ** 20 });
});
