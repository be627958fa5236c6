import type { Route } from '../server/route.js';

const PAGE = `
<!DOCTYPE html>
<html>
<head>
  <title>API Integration Status</title>
</head>
<body>
<h1>API Status</h1>

<p>✅ API is running.</p>
<p>Check integration guides on <a href="https://docs.hanko.io" target="_blank">docs.hanko.io</a></p>

</body>
</html>
`;

/** What a person sees who opens the address (hanko backend/template/templates/status.tmpl). */
export const STATUS_PAGE: Route = {
  method: 'GET',
  path: '/',
  handle: () => ({
    status: 200,
    text: PAGE,
    headers: { 'content-type': 'text/html; charset=UTF-8' },
  }),
};
