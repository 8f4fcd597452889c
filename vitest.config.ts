/** Unit tests in two projects: the core on Node, the renderer in a DOM. */
import { defineConfig } from 'vitest/config';

/** What is waited for may take its time on a busy computer. */
const expect = { poll: { timeout: 15_000 } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'core',
          environment: 'node',
          include: ['{shared,main,scripts,e2e/hub,electron,faults}/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          expect,
        },
      },
      {
        extends: './renderer/vite.config.ts',
        root: '.',
        // A page in happy-dom on two busy cores takes its time.
        test: {
          name: 'renderer',
          environment: 'happy-dom',
          include: ['renderer/**/*.test.{ts,tsx}'],
          setupFiles: ['renderer/testing/setup.ts'],
          testTimeout: 30_000,
          expect,
        },
      },
    ],
  },
});
