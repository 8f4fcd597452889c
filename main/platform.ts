/** What a shell must give to core: folders, secrets, and processes. */
import { Fault } from '../shared/result.ts';
import type { Port } from '../shared/rpc/port.ts';
import type { HubAddress } from './hub/redirects.ts';
import type { Secrets } from './secrets.ts';

/** An engine process that has been started. */
export interface EngineProcess {
  /** Speaks the control contract. */
  port: Port;
  /** Settles once, when the process is gone. */
  exited: Promise<EngineExit>;
  /** Ends it at once. */
  kill(): void;
  /** Where the system has told it. */
  pid?: number | undefined;
}

export interface EngineExit {
  code: number | null;
  signal: string | null;
  /** The end of what it wrote to stderr: llama.cpp's last lines. */
  lastWords: string;
  /** The kernel ended a process for want of memory while it ran; absent where that cannot be told. */
  memoryKilled?: boolean;
}

/** A running sample hub. */
export interface SampleHub {
  endpoint: string;
  /** Hosts that its redirects may lead to, besides its own. */
  redirectHosts: string[];
  close(): void;
}

export interface Folders {
  /** Chats, images, settings and logs. */
  data: string;
  /** What can be made again: slim headers, the vision engine. */
  cache: string;
  /** `<publisher>/<repository>/<file>`. It can be moved while the app runs: ask for it when it is needed. */
  readonly models: string;
  /** The environment names it. */
  readonly modelsFixed?: boolean;
}

/**
 * `HF_ENDPOINT` (a mirror; over https where it names no scheme), `HF_TOKEN`, `HF_HUB_OFFLINE`, and `ATELIER_REDIRECT_HOSTS` (comma-separated)
 * for a mirror with a CDN of its own. Errors: settings.invalid.
 */
export function hubFromEnvironment(env: NodeJS.ProcessEnv): HubAddress {
  const named = env.HF_ENDPOINT?.trim() || 'https://huggingface.co';
  const endpoint = named.includes('://') ? named : `https://${named}`;
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw new Fault('settings.invalid', `HF_ENDPOINT is no address of a hub: ${named}. One begins with https:// or http://.`, { key: 'HF_ENDPOINT' });
  return {
    endpoint,
    redirectHosts: (env.ATELIER_REDIRECT_HOSTS ?? '').split(',').filter(Boolean),
    token: env.HF_TOKEN?.trim() || undefined,
    offline: /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE ?? ''),
  };
}

export interface Platform {
  shell: 'headless' | 'desktop';
  version: string;
  folders: Folders;
  hub: HubAddress;
  secrets: Secrets;
  /** The proxy that the desktop names for an address, such as `http://proxy:3128`; undefined: none. */
  systemProxy?(url: string): Promise<string | undefined>;
  /** `env` is added to the environment that it inherits. */
  startEngine(env?: Record<string, string>): EngineProcess;
  startSampleHub(): Promise<SampleHub>;
  /** Folder of the built-in tiny model, with its pictures. */
  tinyModel: string;
}
