import type { DescribedHandler } from '../audit/describe-routes.js';
import { acceptWarning } from '../options/accept-warning.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { copiesFault } from '../util/loaded-copies.js';

/** The warnings that are logged once, when the app starts. */
export function startupWarnings(
  options: ResolvedHankoOptions,
  handlers: readonly DescribedHandler[],
): readonly string[] {
  const warnings: string[] = [...options.warnings];
  const accepts = acceptWarning(
    options,
    handlers
      .filter(({ description }) => description.access !== 'public')
      .map(({ handler: { name }, marks }) => ({ handler: name, session: marks.demands.session })),
  );
  if (accepts !== null) warnings.push(accepts);
  const forgotten = forgottenGuard(handlers);
  if (forgotten !== undefined) warnings.push(forgotten);
  const copies = copiesFault();
  if (copies !== undefined) warnings.push(copies);
  return warnings;
}

/** How many names one line holds. */
const MAX_NAMES = 5;

/**
 * Names handlers that are neither guarded nor marked as open. A guard that is bound and cannot run is a problem of the
 * audit instead.
 */
function forgottenGuard(handlers: readonly DescribedHandler[]): string | undefined {
  const callable = handlers.filter(({ description }) => description.access !== 'parent');
  const open = callable.filter(
    ({ description, guards, handler }) =>
      description.access === 'unguarded' &&
      !guards.missesGlobal &&
      handler.graphql?.part !== 'reference' &&
      !guards.skipped.some(({ isOurs }) => isOurs),
  );
  if (open.length === 0) return undefined;
  const names = open.slice(0, MAX_NAMES).map(({ handler }) => handler.name);
  const more = open.length - names.length;
  return (
    `No HankoAuthGuard runs for ${open.length} of ${callable.length} handlers: ${names.join(', ')}` +
    `${more === 0 ? '' : ` and ${more} more`}. Bind it to the whole app, with ` +
    '{ provide: APP_GUARD, useExisting: HankoAuthGuard } among the providers of the root module, or to a controller ' +
    'with @UseGuards(HankoAuthGuard). Mark what is open on purpose @Public().'
  );
}
