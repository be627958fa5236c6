import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort, RedisServer } from '../redis/redis-server.js';

/** The programs that are needed, and the packages of Debian that have them. */
const PROGRAMS = {
  'redis-server': 'redis-server',
  'nats-server': 'nats-server',
  mosquitto: 'mosquitto',
  'rabbitmq-server': 'rabbitmq-server',
} as const;

const isThere = (program: string): boolean => {
  try {
    execFileSync('sh', ['-c', `PATH="$PATH:/usr/sbin"; command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
};

/** @throws Error that says how to get them: these tests are never skipped. */
export function requirePrograms(): void {
  const missing = Object.entries(PROGRAMS).filter(([program]) => !isThere(program));
  if (missing.length === 0) return;
  throw new Error(
    `test/brokers did not run: there is no ${missing.map(([program]) => `\`${program}\``).join(', ')}, and it needs ` +
      `each of them: apt-get install ${missing.map(([, name]) => name).join(' ')}`,
  );
}

/** A server of one's own on loopback, with a folder of its own; it forgets everything when it stops. */
class Server implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'nestjs-hanko-broker-'));
  private readonly children: ChildProcess[] = [];
  private output = '';

  /** Starts a program. Debian keeps some of them where only root looks. */
  run(program: string, flags: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    const child = spawn(program, flags, {
      cwd: this.folder,
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin`, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const note = (chunk: Buffer): void => void (this.output = (this.output + chunk).slice(-4000));
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    child.on('error', note);
    this.children.push(child);
  }

  /** @throws Error with what it said last, if it ends before. */
  async serves(port: number): Promise<void> {
    while (!(await isOpen(port))) {
      const ended = this.children.find((child) => child.exitCode !== null);
      if (ended !== undefined) throw new Error(`${ended.spawnfile} ended:\n${this.output}`);
      await wait(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function isOpen(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function startNats(server: Server): Promise<number> {
  const port = await freePort();
  server.run('nats-server', ['--addr', '127.0.0.1', '--port', String(port)]);
  await server.serves(port);
  return port;
}

async function startMosquitto(server: Server): Promise<number> {
  const port = await freePort();
  const file = join(server.folder, 'mosquitto.conf');
  // Started by root, it would become another user, who may not read here.
  const user = process.getuid?.() === 0 ? 'user root\n' : '';
  writeFileSync(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n${user}`,
  );
  server.run('mosquitto', ['-c', file]);
  await server.serves(port);
  return port;
}

/** Erlang: beside its port it has one for its nodes, and one of the program that knows their names. */
async function startRabbit(server: Server): Promise<number> {
  const [port, nodePort, namesPort] = [await freePort(), await freePort(), await freePort()];
  const { folder } = server;
  const env = {
    HOME: folder,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(namesPort),
    RABBITMQ_NODENAME: `nestjs-hanko-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(nodePort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_CONFIG_FILE: join(folder, 'none'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    // Its script becomes the server, in place of watching it: so it ends with its process.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
  server.run('epmd', ['-port', String(namesPort), '-address', '127.0.0.1'], env);
  await server.serves(namesPort);
  // The one in the path changes the user.
  server.run('/usr/lib/rabbitmq/bin/rabbitmq-server', [], env);
  await server.serves(port);
  return port;
}

export interface BrokerPorts {
  readonly redis: number;
  readonly nats: number;
  readonly mqtt: number;
  readonly rmq: number;
}

/** All of them, at the same time: RabbitMQ takes half a minute. */
export async function startBrokers(): Promise<AsyncDisposable & { readonly ports: BrokerPorts }> {
  const servers = [new Server(), new Server(), new Server()] as const;
  const redis = await RedisServer.create();
  const stop = async (): Promise<void> => {
    await Promise.all([redis, ...servers].map((server) => server[Symbol.asyncDispose]()));
  };
  try {
    const [nats, mqtt, rmq] = await Promise.all([
      startNats(servers[0]),
      startMosquitto(servers[1]),
      startRabbit(servers[2]),
      redis.start(),
    ]);
    const ports = { redis: Number(new URL(redis.url).port), nats, mqtt, rmq };
    return { ports, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
