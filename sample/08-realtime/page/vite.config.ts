import { defineConfig } from 'vite';

const sample = 'http://localhost:3000'; // `npm start` in the root of the repository

export default defineConfig({
  base: '/chat/',
  build: { target: 'es2023', rolldownOptions: { input: ['ws.html', 'socket-io.html'] } },
  // `npm run dev`: the pages are Vite's, the API is the sample's, and to the browser they are one.
  server: {
    proxy: {
      '/config.json': sample,
      '/socket.io': { target: sample, ws: true },
      '^/$': { target: sample, ws: true },
    },
  },
});
