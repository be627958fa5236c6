import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const sample = 'http://localhost:3000'; // `npm start` in the root of the repository

export default defineConfig({
  plugins: [react()],
  base: '/notes/',
  // `npm run dev`: the page is Vite's, the API is the sample's, and to the browser they are one.
  server: { proxy: { '/graphql': { target: sample, ws: true }, '/config.json': sample } },
});
