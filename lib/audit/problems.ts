import type { Handler } from './handlers.js';
import type { HankoRouteDescription } from './route-description.js';
import type { RunningGuards, SkippedGuard } from './running-guards.js';

/** What is known of a handler, before it is judged. */
export interface Findings {
  readonly handler: Handler;
  readonly guards: RunningGuards;
  readonly access: HankoRouteDescription['access'];
  readonly mode: 'public' | 'optional' | 'required';
  /** What `@RequireAuth()` says on handler and class, whether or not it holds. */
  readonly demands: object;
  readonly parameters: readonly string[];
  /** How often our guard is bound to the whole app. */
  readonly globalCount: number;
}

/** What is probably not meant, with its cure. */
export function problemsOf(findings: Findings): string[] {
  const { guards, access, handler, globalCount } = findings;
  return [
    ...guards.skipped.map(skipProblem),
    ...(access === 'unguarded' ? unguardedProblems(findings) : []),
    ...(access === 'public' ? publicProblems(findings) : []),
    ...droppedDemands(findings),
    ...(guards.ours && access !== 'public' && handler.kind !== 'http' ? [closed(handler)] : []),
    ...(globalCount > 1 && guards.ours ? [boundTwice(globalCount)] : []),
  ];
}

const SKIPPED: Readonly<Record<SkippedGuard['cause'], string>> = {
  hidden:
    'the class puts another function in place of the method (by bind(), say), and decorators stay on the method. ' +
    'Leave the method as it is, or put the guard on the class.',
  unresolved:
    'Nest has no instance of it in this module, and goes on without a word. Put the decorator where Nest sees it ' +
    'when it reads the module, before the app is created.',
  replaced:
    'something else is in its place (overrideGuard() or overrideProvider() of a test, say). Take that away to be protected.',
};

const skipProblem = ({ name, cause }: SkippedGuard): string =>
  `${name} is bound here and does not run: ${SKIPPED[cause]}`;

function unguardedProblems({ guards, handler, mode, parameters }: Findings): string[] {
  const problems: string[] = [];
  if (guards.missesGlobal) {
    problems.push(
      handler.kind === 'gateway'
        ? 'On Nest 11 APP_GUARD does not reach gateways. Put @UseGuards(HankoAuthGuard) on it to close it.'
        : 'APP_GUARD reaches message handlers only if connectMicroservice(…, { inheritAppConfig: true }) says so, ' +
            'for each microservice. Put @UseGuards(HankoAuthGuard) on it to close it.',
    );
  }
  if (parameters.length > 0) {
    problems.push(
      `Only its parameter ${parameters.join(' and ')} asks who is calling, after interceptors and caches have run. ` +
        `Bind the guard: ${BIND}.`,
    );
  } else if (mode === 'optional') {
    problems.push(
      `@OptionalAuth() binds no guard, so nothing looks at credentials. Bind it: ${BIND}.`,
    );
  }
  return problems;
}

/** Ways to have the guard run. */
export const BIND = 'APP_GUARD, @UseGuards(HankoAuthGuard) or @RequireAuth()';

const publicProblems = ({ parameters }: Findings): string[] =>
  parameters.length === 0
    ? []
    : [
        `${parameters.join(' and ')} is always null here: @Public() reads no credential. ` +
          'Take it away, or mark the handler @OptionalAuth().',
      ];

function droppedDemands({ mode, demands }: Findings): string[] {
  const names = Object.keys(demands);
  if (mode === 'required' || names.length === 0) return [];
  const mark = mode === 'public' ? '@Public()' : '@OptionalAuth()';
  return [
    `${mark} drops what @RequireAuth() demands (${names.join(', ')}). If it should hold here, take ${mark} away.`,
  ];
}

const closed = ({ kind }: Handler): string =>
  `Nobody can call it: the guard cannot authenticate a ${kind} handler yet, and refuses (501 context_unsupported). ` +
  'Mark it @Public() and give it a guard of your own.';

const boundTwice = (count: number): string =>
  `HankoAuthGuard is bound to the whole app ${count} times. It verifies once all the same: keep one of them.`;
