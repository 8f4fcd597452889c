/** Packaging: what goes in, the fuses, and the maker that hands the package to electron-builder. */
import { spawnSync } from 'node:child_process';
import { FuseV1Options, FuseVersion } from '@electron/fuses';
import { FusesPlugin } from '@electron-forge/plugin-fuses';
import type { ForgeConfig } from '@electron-forge/shared-types';
import { MakerBuilder } from './electron/makerBuilder.ts';

/** What the app is made of: its manifest, its builds, the sample hub's fixtures, and the packages that cannot be bundled. */
const kept = [/^\/package\.json$/, /^\/dist($|\/)/, /^\/e2e($|\/fixtures($|\/))/, /^\/node_modules($|\/(?!\.bin($|\/)))/];

const config: ForgeConfig = {
  packagerConfig: {
    name: 'Atelier',
    executableName: 'atelier',
    appBundleId: 'dev.atelier.app',
    asar: { unpack: '{**/node_modules/@node-llama-cpp/**,**/node_modules/node-llama-cpp/{bins,llama}/**,**/dist/**/llama-server/**,**/e2e/fixtures/**}' },
    // A function replaces Packager's own list, so everything that is not named here stays out.
    ignore: (file: string) => file !== '' && !kept.some((pattern) => pattern.test(file)),
    prune: true,
  },
  hooks: {
    prePackage: async () => {
      const { status } = spawnSync(process.execPath, ['scripts/build.ts', 'electron', 'renderer', 'hub'], { stdio: 'inherit' });
      if (status !== 0) throw new Error('The app could not be built');
    },
  },
  plugins: [
    new FusesPlugin({
      version: FuseVersion.V1,
      // Off, because electronStub.ts spares node-llama-cpp the fork that would need it.
      [FuseV1Options.RunAsNode]: false,
      [FuseV1Options.EnableCookieEncryption]: true,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
      [FuseV1Options.EnableNodeCliInspectArguments]: false,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
      [FuseV1Options.OnlyLoadAppFromAsar]: true,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
    }),
  ],
  makers: [
    new MakerBuilder({
      targets: { win32: ['nsis'], darwin: ['dmg', 'zip'], linux: ['AppImage', 'deb'] },
      builder: {
        appId: 'dev.atelier.app',
        productName: 'Atelier',
        nsis: { oneClick: true, perMachine: false },
        linux: { category: 'Utility' },
      },
    }),
  ],
};

export default config;
