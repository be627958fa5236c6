import { adviceFor, byHand } from './advice.js';
import type { App, ModuleClass } from './app.js';
import { NotUnderstood, withHanko } from './app-module.js';
import { environmentFileOf } from './config-module.js';
import type { Report } from './report.js';
import { templateRoute, withPublic } from './template-route.js';
import type { Tools, TypeScript } from './tools.js';
import { type Tree, write } from './workspace.js';

export interface Closing {
  readonly tree: Tree;
  readonly tools: Tools;
  readonly compiler: TypeScript;
  readonly app: App;
  readonly report: Report;
  /** The version of `@nestjs/config` to install. */
  readonly configVersion: string;
}

export interface Closed {
  /** Whether the module now imports `ConfigModule`. */
  readonly usesConfig: boolean;
  /** The file that the app reads its settings from; null: not known; undefined: it has its settings already. */
  readonly settings: string | null | undefined;
}

/** Puts module and guard into the app, and leaves open what the template has open. */
export async function closeApp(closing: Closing): Promise<Closed> {
  const { compiler, app, report, configVersion } = closing;
  const { hankoModule, hankoGuard, configModules } = app;
  const isNew = hankoModule === undefined;
  const additions = {
    configModule: isNew && configModules.length === 0,
    hankoModule: isNew,
    guard: hankoGuard === undefined,
  };
  // The user may have bound it otherwise on purpose.
  if (hankoGuard !== undefined && !app.isClosed) {
    report.todo(
      `${hankoGuard} names HankoAuthGuard, and APP_GUARD does not bind it: routes without a guard are open. To close all, provide { provide: APP_GUARD, useExisting: HankoAuthGuard }.`,
    );
  }
  const settings = isNew ? environmentFileOf(compiler, configModules) : undefined;
  if (!additions.hankoModule && !additions.guard) return { usesConfig: false, settings };

  const module = app.rootModule;
  const wanted = additions.configModule ? configVersion : undefined;
  if (typeof module === 'string') {
    report.todo(byHand(app.main, module, wanted));
    return { usesConfig: false, settings };
  }
  const opened = additions.guard ? templateRoute(compiler, app, module) : undefined;
  const advice = additions.guard ? adviceFor(app) : [];
  try {
    await writeModule(closing, module, withHanko(compiler, module, additions), additions);
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    report.todo(byHand(module.source.path, error.message, wanted));
    return { usesConfig: false, settings };
  }
  for (const text of advice) report.todo(text);
  if (additions.guard) await openTemplateRoute(closing, opened);
  return { usesConfig: additions.configModule, settings };
}

type Additions = Parameters<typeof withHanko>[2];

async function writeModule(
  { tree, tools, report }: Closing,
  { source }: ModuleClass,
  text: string,
  { configModule, hankoModule, guard }: Additions,
): Promise<void> {
  write(tree, source.path, await tools.format(source.path, source.text, text));
  const parts = [
    ...(configModule ? ['ConfigModule.forRoot()'] : []),
    ...(hankoModule ? ['HankoModule.forRoot()'] : []),
    ...(guard ? ['HankoAuthGuard as APP_GUARD, which closes every route'] : []),
  ];
  report.did(`${source.path}: ${parts.join(', ')}`);
}

async function openTemplateRoute(
  { tree, tools, compiler, report }: Closing,
  route: ReturnType<typeof templateRoute>,
): Promise<void> {
  const text = route && withPublic(compiler, route);
  if (!route || text === undefined) {
    report.todo(
      'No route is open now. Write @Public() on those that need no user, and give your e2e tests a token.',
    );
    return;
  }
  const { path, text: before } = route.source;
  write(tree, path, await tools.format(path, before, text));
  report.did(`${path}: @Public() on GET /, so that the template's own tests go on passing`);
}
