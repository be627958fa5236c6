import { fileURLToPath } from 'node:url';
import { type GrpcOptions, type TcpOptions, Transport } from '@nestjs/microservices';

// Said once: a service listens where the gateway looks for it.
const { NOTES_PORT = '4001', BILLING_PORT = '4002' } = process.env;

export const NOTES = {
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port: Number(NOTES_PORT) },
} satisfies TcpOptions;

export const BILLING = {
  transport: Transport.GRPC,
  options: {
    url: `127.0.0.1:${BILLING_PORT}`,
    package: 'billing',
    protoPath: fileURLToPath(new URL('../billing.proto', import.meta.url)),
  },
} satisfies GrpcOptions;
