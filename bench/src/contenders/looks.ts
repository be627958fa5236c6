import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { type Contender, PLATFORMS } from './contender.js';
import { NOBODY } from './none.js';
import type { BearerRequest } from './bearer-guard.js';

/** Reads the header field and refuses, whatever stands in it. */
@Injectable()
class LooksGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<BearerRequest>();
    const hasBearer = headers.authorization?.startsWith('Bearer ') === true;
    throw new UnauthorizedException(hasBearer ? 'The token is not valid' : 'No token');
  }
}

@Controller()
class MeController {
  @UseGuards(LooksGuard)
  @Get('me')
  me() {
    return { id: NOBODY };
  }
}

@Module({ controllers: [MeController], providers: [LooksGuard] })
class LooksModule {}

/** The least that a guard can do before it refuses: what refusals are compared with. */
export const looks: Contender = {
  id: 'looks',
  name: 'a guard that looks and throws',
  platforms: PLATFORMS,
  credential: 'bearer',
  verifies: false,
  app: () => ({ module: LooksModule }),
  guard: LooksGuard,
};
