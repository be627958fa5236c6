import { Controller, Get, Module } from '@nestjs/common';
import { type Contender, PLATFORMS } from './contender.js';
import { PingController } from './ping.controller.js';

/** As long as the id that the others answer. */
export const NOBODY = '00000000-0000-4000-8000-000000000000';

@Controller()
class MeController {
  @Get('me')
  me() {
    return { id: NOBODY };
  }
}

@Module({ controllers: [MeController, PingController] })
class NoneModule {}

/** The app without a guard: the 1.00 of every ratio. */
export const none: Contender = {
  id: 'none',
  name: 'no guard',
  platforms: PLATFORMS,
  credential: 'bearer',
  verifies: false,
  app: () => ({ module: NoneModule }),
};
