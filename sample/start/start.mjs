// `npm start`
import { build } from './build.mjs';

try {
  await build();
  const { serve } = await import('./serve.mjs');
  await serve(process.env);
} catch (error) {
  console.error(
    error.code === 'EADDRINUSE' ? `${error.message}. Another one: PORT=3001 npm start` : error,
  );
  process.exit(1);
}
