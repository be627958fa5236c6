import {
  type CanActivate,
  Controller,
  Get,
  Injectable,
  Module,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { type Contender, PLATFORMS } from './contender.js';
import { NOBODY } from './none.js';
import { PingController } from './ping.controller.js';

@Injectable()
class YesGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Injectable()
class NoGuard implements CanActivate {
  canActivate(): boolean {
    throw new UnauthorizedException();
  }
}

@Controller()
class MeController {
  @UseGuards(YesGuard)
  @Get('me')
  me() {
    return { id: NOBODY };
  }

  /** What Nest itself takes to answer 401. */
  @UseGuards(NoGuard)
  @Get('refused')
  refused() {
    return {};
  }
}

@Module({ controllers: [MeController, PingController], providers: [YesGuard] })
class YesModule {}

/** A guard that looks at nothing: what Nest itself takes to run one. */
export const yes: Contender = {
  id: 'yes',
  name: 'a guard that says yes',
  platforms: PLATFORMS,
  credential: 'bearer',
  verifies: false,
  app: () => ({ module: YesModule }),
  guard: YesGuard,
};
