import { isDeepStrictEqual } from 'node:util';
import { classMarks, type RouteMode } from '../auth/route-marks.js';
import type { Host } from '../discovery/app-classes.js';
import { addressOf, gatewayOptions, gatewaysAt, gatewaysIn } from '../discovery/gateways.js';
import { HANKO_SOCKETS } from '../hanko.constants.js';
import type { AuditedApp } from './audited-app.js';
import { placeOf } from './handlers.js';
import type { HankoRouteDescription } from './route-description.js';

/** How clients connect to a gateway, and what protects that. */
export interface DescribedConnection {
  readonly owner: Function;
  readonly description: HankoRouteDescription;
}

/** One entry for each gateway. Guards do not run when a client connects: `hankoSockets()` asks in their place. */
export const describeConnections = (app: AuditedApp): DescribedConnection[] =>
  gatewaysIn(app.modules).map((host) => ({
    owner: host.type,
    description: describe(host, app),
  }));

function describe(host: Host, { modules, config }: AuditedApp): HankoRouteDescription {
  const { type, listed } = host;
  const own = classMarks(type);
  const isAsked = HANKO_SOCKETS in Object(config.getIoAdapter());
  const others = gatewaysAt(modules, addressOf(host)).filter((other) => other.type !== type);
  const modes = [own, ...others.map((other) => classMarks(other.type))].map(({ mode }) => mode);
  const asked = weakestOf(modes);
  const lenient = others.filter((other) => isLenient(other, host));
  const unasked = own.mode === 'public' ? 'public' : 'unguarded';
  const access = isAsked ? asked : unasked;
  return {
    kind: 'gateway',
    route: `CONNECT ${portOf(host)}${placeOf(listed) ?? '/'}`,
    handler: type.name,
    access,
    demands: access === 'required' && lenient.length === 0 ? own.demands : {},
    otherGuards: [],
    problems: [
      ...(access === 'unguarded' ? [ANYONE] : []),
      ...(!isAsked && gatewayOptions(listed).connectionStateRecovery ? [RECOVERED] : []),
      ...(isAsked && lenient.length > 0 ? [sharedBy(lenient)] : []),
    ],
    notes: [],
  };
}

const weakestOf = (modes: readonly RouteMode[]): RouteMode =>
  (['public', 'optional'] as const).find((mode) => modes.includes(mode)) ?? 'required';

/** Whether the first may let in whom the second refuses. */
function isLenient(first: Host, second: Host): boolean {
  const [a, b] = [classMarks(first.type), classMarks(second.type)];
  if (a.mode !== b.mode) return weakestOf([a.mode, b.mode]) === a.mode;
  return (
    b.mode === 'required' &&
    Object.entries(b.demands).some(
      ([name, demand]) => !isDeepStrictEqual(new Map(Object.entries(a.demands)).get(name), demand),
    )
  );
}

const portOf = (host: Host): string => {
  const { port } = addressOf(host);
  return typeof port === 'number' && port !== 0 ? `:${port}` : '';
};

const ANYONE =
  'Anyone can connect, and receives what is sent to all, because guards run for messages alone. Close it in main.ts: ' +
  'app.useWebSocketAdapter(hankoSockets(app, new IoAdapter(app))), or new WsAdapter(app). If that is meant, mark the class ' +
  '@Public().';

const RECOVERED =
  'connectionStateRecovery gives a lost connection back, with rooms and what was missed, to whoever has its id, also after ' +
  'the session has ended. hankoSockets() gives it to the same session alone.';

const sharedBy = (others: readonly Host[]): string =>
  `Whoever ${others.map(({ type }) => type.name).join(' or ')} lets in can connect to it, because they share a namespace or ` +
  'path, and receives what is sent to all. Give each a namespace or path of its own, or mark their classes alike.';
