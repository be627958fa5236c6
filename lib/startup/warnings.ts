import type { DescribedHandler } from '../audit/describe-handlers.js';
import type { HankoRouteDescription } from '../audit/route-description.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { copiesFault } from '../util/loaded-copies.js';

/** What an operator should know once, at start-up. */
export function startupWarnings(
  options: ResolvedHankoOptions,
  handlers: readonly DescribedHandler[],
): readonly string[] {
  const warnings: string[] = [...options.warnings];
  const gateways = missedByAppGuard(handlers, 'gateway');
  if (gateways !== '') {
    warnings.push(
      `On Nest 11 APP_GUARD does not reach gateways: ${gateways} ` +
        'can be called by anyone. Put @UseGuards(HankoAuthGuard) on them to close them.',
    );
  }
  const messageControllers = missedByAppGuard(handlers, 'message');
  if (messageControllers !== '') {
    warnings.push(
      `APP_GUARD reaches message handlers only if connectMicroservice(…, { inheritAppConfig: true }) says so; ` +
        `otherwise ${messageControllers} can be called by anyone. Put @UseGuards(HankoAuthGuard) on them to close them.`,
    );
  }
  const skipped = skippedGuards(handlers);
  if (skipped !== '') {
    warnings.push(
      `The guard bound to ${skipped} does not run, so anyone can call it: describeRoutes(app) says why.`,
    );
  }
  const copies = copiesFault();
  if (copies !== undefined) warnings.push(copies);
  return warnings;
}

/** Classes with handlers that look protected by an APP_GUARD and are not. */
const missedByAppGuard = (
  handlers: readonly DescribedHandler[],
  kind: HankoRouteDescription['kind'],
): string =>
  [
    ...new Set(
      handlers
        .filter(({ guards, description }) => guards.missesGlobal && isOpen(description, kind))
        .map(({ handler }) => handler.owner.name),
    ),
  ].join(', ');

const isOpen = (
  { access, kind }: DescribedHandler['description'],
  wanted: HankoRouteDescription['kind'],
): boolean => kind === wanted && access === 'unguarded';

/** Handlers that bear our guard, which Nest does not run. */
const skippedGuards = (handlers: readonly DescribedHandler[]): string =>
  handlers
    .filter(
      ({ guards, description }) =>
        description.access === 'unguarded' &&
        guards.skipped.some(({ isOurs, cause }) => isOurs && cause !== 'replaced'),
    )
    .map(({ handler }) => handler.name)
    .join(', ');
