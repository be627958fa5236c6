import type { Route } from '../server/route.js';
import type { LoggedRequest } from '../server/http-server.js';

/** A few of Hanko's metrics, for a scraper that is tried out (hanko backend/handler/admin_router.go). */
export function metricsRoute(requests: () => readonly LoggedRequest[]): Route {
  const startedAt = Date.now() / 1000;
  return {
    method: 'GET',
    path: '/metrics',
    handle: () => {
      const counts = new Map<string, number>();
      for (const { method, status } of requests()) {
        // Methods are what a caller likes them to be.
        const name = /^[A-Z]+$/.test(method) ? method : 'OTHER';
        const labels = `code="${status}",method="${name}"`;
        counts.set(labels, (counts.get(labels) ?? 0) + 1);
      }
      const lines = [
        '# HELP hanko_requests_total How many HTTP requests processed, partitioned by status code and HTTP method.',
        '# TYPE hanko_requests_total counter',
        ...[...counts].map(([labels, count]) => `hanko_requests_total{${labels}} ${count}`),
        '# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.',
        '# TYPE process_start_time_seconds gauge',
        `process_start_time_seconds ${startedAt}`,
        '',
      ];
      return {
        status: 200,
        text: lines.join('\n'),
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
      };
    },
  };
}
