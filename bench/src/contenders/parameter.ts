import {
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  type PipeTransform,
  UseGuards,
} from '@nestjs/common';
import { type Contender, PLATFORMS } from './contender.js';
import { NOBODY } from './none.js';
import { PingController } from './ping.controller.js';

@Injectable()
class NobodyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest<{ user: unknown }>().user = { id: NOBODY };
    return true;
  }
}

@Injectable()
class SamePipe implements PipeTransform {
  transform(value: unknown): unknown {
    return value;
  }
}

const User = createParamDecorator(
  (_data: unknown, context: ExecutionContext) =>
    context.switchToHttp().getRequest<{ user: { id: string } }>().user.id,
);

@Controller()
class MeController {
  @UseGuards(NobodyGuard)
  @Get('me')
  me(@User(SamePipe) id: string) {
    return { id };
  }
}

@Module({ controllers: [MeController, PingController], providers: [NobodyGuard] })
class ParameterModule {}

/** What Nest itself takes for a guard and for a parameter that has a pipe, which look at nothing. */
export const parameter: Contender = {
  id: 'parameter',
  name: 'a guard that says yes, a parameter with a pipe',
  platforms: PLATFORMS,
  credential: 'bearer',
  verifies: false,
  app: () => ({ module: ParameterModule }),
};
