import type { AdminServices } from './admin-services.js';
import { bind } from './binding.js';
import { field, type Fields } from '../server/json-body.js';
import { parseUrl } from '../server/parse-url.js';
import { Problem, type Route, type RouteRequest } from '../server/route.js';
import { eventNames } from '../webhooks/event-names.js';
import type { StoredHook } from '../webhooks/stored-hooks.js';

const ONE = { ID: 'uuid4' } as const;

/** Receivers of webhooks (hanko backend/handler/webhook.go). */
export function webhookRoutes({ storedHooks, settings }: AdminServices): readonly Route[] {
  const known = eventNames(settings.sessionEvents);
  const faultsOfHook = (body: Fields): readonly string[] => {
    const callback = field(body, 'callback', 'string') ?? '';
    const events = field(body, 'events', 'array');
    return [
      ...(callback === ''
        ? ['callback is a required field']
        : parseUrl(callback) === null
          ? ['callback must be a valid URL']
          : []),
      ...(events === undefined
        ? ['events is a required field']
        : events.length === 0
          ? ['length of events must be greater or equal to 1']
          : faultsOfEvents(events, known)),
    ];
  };
  const find = (request: RouteRequest): StoredHook => hookOf(bind(request, ONE).ids.ID);
  const hookOf = (id = ''): StoredHook => {
    const hook = storedHooks.get(id);
    // Hanko means to say the id.
    if (hook === undefined) throw new Problem(404, 'unable to find webhook with id: %s');
    return hook;
  };
  return [
    {
      method: 'GET',
      path: '/webhooks',
      handle: () => {
        const { hooks } = settings.config.webhooks;
        return {
          status: 200,
          body: { database: storedHooks.all(), config: hooks.length === 0 ? null : hooks },
        };
      },
    },
    {
      method: 'POST',
      path: '/webhooks',
      handle: (request) => {
        const { body } = bind(request, {}, faultsOfHook);
        const hook = storedHooks.create(String(body.callback), body.events as readonly string[]);
        if (hook === undefined)
          throw new Problem(500, 'unable to save webhook: there are too many');
        return { status: 201, body: hook };
      },
    },
    {
      method: 'GET',
      path: '/webhooks/:id',
      handle: (request) => ({ status: 200, body: find(request) }),
    },
    {
      method: 'PUT',
      path: '/webhooks/:id',
      handle: (request) => {
        const { ids, body } = bind(request, ONE, (fields) => [
          ...faultsOfHook(fields),
          ...(field(fields, 'enabled', 'bool') === undefined
            ? ['enabled is a required field']
            : []),
        ]);
        const changed = storedHooks.update(hookOf(ids.ID), {
          callback: String(body.callback),
          events: body.events as readonly string[],
          enabled: body.enabled === true,
        });
        return { status: 200, body: changed };
      },
    },
    {
      method: 'DELETE',
      path: '/webhooks/:id',
      handle: (request) => {
        storedHooks.delete(find(request).id);
        return { status: 204 };
      },
    },
  ];
}

function faultsOfEvents(events: readonly unknown[], known: readonly string[]): readonly string[] {
  return events.flatMap((event, index) => {
    if (event !== null && typeof event !== 'string') {
      const got = Array.isArray(event) ? 'array' : typeof event;
      throw new Problem(
        400,
        `Unmarshal type error: expected=events.Event, got=${got}, field=events`,
      );
    }
    return known.includes(event ?? '')
      ? []
      : [`${event ?? ''} in events[${index}] is not a valid webhook event`];
  });
}
