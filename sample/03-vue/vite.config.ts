import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const sample = 'http://localhost:3000'; // `npm start` in the root of the repository

export default defineConfig({
  plugins: [
    vue({ template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith('hanko-') } } }),
  ],
  base: '/vue/',
  // `npm run dev`: the page is Vite's, the API is the sample's, and to the browser they are one.
  server: { proxy: { '/api': sample, '/config.json': sample } },
});
