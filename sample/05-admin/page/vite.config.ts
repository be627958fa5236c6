import { defineConfig } from 'vite';

const sample = 'http://localhost:3000'; // `npm start` in the root of the repository

export default defineConfig({
  base: '/admin/',
  build: { target: 'es2023' },
  // `npm run dev`: the page is Vite's, the API is the sample's, and to the browser they are one.
  server: {
    proxy: {
      '/config.json': sample,
      '/admin/api': sample,
      '/admin/live': { target: sample, ws: true },
    },
  },
});
