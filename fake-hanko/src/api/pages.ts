import { Problem, type RouteRequest, type RouteResponse } from '../server/route.js';

/** One page of a list, with the fields that lead to the others (hanko backend/pagination/header.go). */
export function pageOf(request: RouteRequest, all: readonly unknown[]): RouteResponse {
  const { query } = request;
  const page = positive(query, 'page', 1);
  const perPage = positive(query, 'per_page', 20);
  return {
    status: 200,
    body: all.slice((page - 1) * perPage, page * perPage),
    headers: {
      link: links(request, page, perPage, all.length),
      'x-total-count': String(all.length),
    },
  };
}

function links(
  { query, origin, raw }: RouteRequest,
  page: number,
  perPage: number,
  total: number,
): string {
  const last = Math.max(1, Math.ceil(total / perPage));
  const path = (raw.url ?? '').split('?', 1)[0] ?? '';
  const link = (number: number, rel: string): string => {
    const parameters = new URLSearchParams(query);
    parameters.set('page', String(number));
    parameters.set('per_page', String(perPage));
    parameters.sort();
    return `<${origin}${path}?${parameters.toString()}>; rel="${rel}"`;
  };
  return [
    ...(page !== 1 || page === last ? [link(1, 'first')] : []),
    ...(page === last ? [] : [link(last, 'last')]),
    ...(page < last ? [link(page + 1, 'next')] : []),
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
  ].join(',');
}

/** 0 counts as not given; negative pages, which Hanko answers oddly, too. */
function positive(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name) || '0';
  if (!/^[+-]?\d+$/.test(text)) {
    throw new Problem(400, `strconv.ParseInt: parsing "${text}": invalid syntax`);
  }
  return Math.max(0, Number(text)) || fallback;
}
