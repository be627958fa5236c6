// One file that holds everything: https://docs.nestjs.com/faq/serverless#benchmark
const { IgnorePlugin } = require('webpack');

const lazyImports = new Set([
  '@nestjs/microservices',
  '@nestjs/microservices/microservices-module',
  '@nestjs/websockets/socket-module',
  'class-transformer',
  'class-transformer/storage',
  'class-validator',
]);

module.exports = (options) => ({
  ...options,
  externals: [],
  plugins: [
    ...options.plugins,
    new IgnorePlugin({ checkResource: (resource) => lazyImports.has(resource) }),
  ],
});
