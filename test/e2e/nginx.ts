import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { cleanUp } from '../helpers/clean-up.ts';
import { TEST_TLS } from '../helpers/test-certificates.ts';
import { temporaryDirectory } from '../helpers/mirror.ts';
import { fill, snippet } from '../helpers/snippet.ts';
import { programEnvironment } from './command.ts';
import { Daemon } from './daemon.ts';
import { freePort } from './free-port.ts';
import { connects } from './probe.ts';

export interface NginxOptions {
  /** Where Holdfast listens, `host:port`. */
  readonly holdfast: string;
  /** `storage.dir`; given: nginx sends held blobs itself. */
  readonly storage?: string;
  /** Who its workers are: the `user` directive. */
  readonly user?: string;
}

/** The nginx of docs/nginx.md, as it stands there but for addresses and paths. */
export class Nginx {
  readonly port: number;
  readonly #dir: string;

  private constructor(port: number, dir: string) {
    this.port = port;
    this.#dir = dir;
  }

  /** `host:port` for clients; its certificate is the test's. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Ends with the test. */
  static async start(t: TestContext, options: NginxOptions): Promise<Nginx> {
    const dir = await temporaryDirectory(t);
    const port = await freePort();
    await mkdir(join(dir, 'tls'));
    await writeFile(join(dir, 'tls/mirror.example.pem'), TEST_TLS.cert);
    await writeFile(join(dir, 'tls/mirror.example.key'), TEST_TLS.key);
    const { user = 'root' } = options;
    await startNginx(t, { dir, port, server: server(dir, port, options), user });
    return new Nginx(port, dir);
  }

  async errors(): Promise<string> {
    return readFile(join(this.#dir, 'error.log'), 'utf8');
  }
}

/** nginx with a server that listens on this loopback port; it works in `dir`, and ends with the test. */
export async function startNginx(
  t: TestContext,
  {
    dir,
    port,
    server: text,
    user = 'root',
  }: {
    readonly dir: string;
    readonly port: number;
    readonly server: string;
    readonly user?: string;
  },
): Promise<void> {
  const config = join(dir, 'nginx.conf');
  await writeFile(config, configuration(dir, text, user));
  const command = ['nginx', '-e', join(dir, 'error.log'), '-p', dir, '-c', config] as const;
  const log = join(dir, 'output');
  const daemon = await Daemon.start('nginx', command, programEnvironment(), log);
  cleanUp(t, () => daemon.stop());
  await daemon.ready(() => connects(port), t.signal);
}

function configuration(dir: string, text: string, user: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${dir}/${kind};`,
  );
  return `
    user ${user};
    daemon off;
    worker_processes 2;
    pid ${dir}/pid;
    events {}
    http {
      access_log off;
      ${temporary.join('\n')}
      ${text}
    }`;
}

function server(dir: string, port: number, { holdfast, storage }: NginxOptions): string {
  const text = fill(snippet('nginx.md', 'server'), {
    '127.0.0.1:5000': holdfast,
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/nginx/tls': `${dir}/tls`,
  });
  if (storage === undefined) return text;
  const locations = fill(snippet('nginx.md', 'accel-locations'), { '/var/lib/holdfast': storage });
  return fill(text, {
    '    location / {\n        proxy_pass http://holdfast;\n    }\n': locations,
  });
}
