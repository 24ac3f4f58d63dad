import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StaticRegistry } from '../content/static-registry.ts';
import type { Stage } from '../stage.ts';
import { ChildServer } from './child-server.ts';
import { freePort } from './free-port.ts';

/** nginx and its access log. */
export class Nginx {
  readonly server: ChildServer;
  readonly #accessLog: string;

  private constructor(server: ChildServer, accessLog: string) {
    this.server = server;
    this.#accessLog = accessLog;
  }

  /** Serves the files of a registry with sendfile. */
  static serve(stage: Stage, { root, manifests }: StaticRegistry): Promise<Nginx> {
    const locations = manifests.map(
      ({ path, mediaType, digest }) =>
        `location = ${path} { default_type ${mediaType}; add_header Docker-Content-Digest ${digest}; }`,
    );
    return Nginx.#start(
      stage,
      `root ${root};
       default_type application/octet-stream;
       location = /v2/ { return 200 '{}'; }
       ${locations.join('\n')}`,
    );
  }

  /** Keeps what it fetches from `upstream`, one fetch at a time per path. */
  static cache(stage: Stage, upstream: string): Promise<Nginx> {
    return Nginx.#start(
      stage,
      `location / {
         proxy_pass ${upstream};
         proxy_http_version 1.1;
         proxy_cache bench;
         proxy_cache_lock on;
         proxy_cache_lock_timeout 1h;
         proxy_cache_valid 200 1h;
       }`,
    );
  }

  static async #start(stage: Stage, server: string): Promise<Nginx> {
    const dir = await stage.directory('nginx');
    const port = await freePort();
    const config = join(dir, 'nginx.conf');
    const accessLog = join(dir, 'access.log');
    await mkdir(join(dir, 'cache'));
    await writeFile(config, configuration(dir, port, accessLog, server));
    const child = await ChildServer.start(stage, {
      name: 'nginx',
      command: ['nginx', '-e', join(dir, 'error.log'), '-p', dir, '-c', config],
      port,
      log: join(dir, 'error.log'),
    });
    return new Nginx(child, accessLog);
  }

  /** How often it was asked for the whole of this path by GET so far, answers under way not counted. */
  async countGets(path: string): Promise<number> {
    const log = await readFile(this.#accessLog, 'utf8');
    return log.split(`"GET ${path} `).length - 1;
  }
}

function configuration(dir: string, port: number, accessLog: string, server: string): string {
  // Started by root, its workers would be somebody who may not read the temporary directory.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `
    ${user}
    daemon off;
    worker_processes auto;
    pid ${dir}/nginx.pid;
    events { worker_connections 1024; }
    http {
      access_log ${accessLog};
      sendfile on;
      tcp_nopush on;
      keepalive_requests 1000000000;
      client_body_temp_path ${dir}/body;
      proxy_temp_path ${dir}/proxy;
      fastcgi_temp_path ${dir}/fastcgi;
      uwsgi_temp_path ${dir}/uwsgi;
      scgi_temp_path ${dir}/scgi;
      proxy_cache_path ${dir}/cache keys_zone=bench:10m max_size=100g use_temp_path=off;
      server {
        listen 127.0.0.1:${port};
        ${server}
      }
    }`;
}
