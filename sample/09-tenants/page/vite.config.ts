import { defineConfig } from 'vite';

export default defineConfig({ base: '/tenants/', build: { target: 'es2023' } });
