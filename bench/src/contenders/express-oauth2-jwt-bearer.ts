import {
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestMiddleware,
  type NestModule,
  Req,
} from '@nestjs/common';
import type { Handler, NextFunction, Request, Response } from 'express';
import { auth, type AuthResult, UnauthorizedError } from 'express-oauth2-jwt-bearer';
import { type Contender, HANKO, type HankoSettings } from './contender.js';
import { PingController } from './ping.controller.js';

@Injectable()
class AuthMiddleware implements NestMiddleware {
  private readonly handler: Handler;

  constructor(@Inject(HANKO) { jwksUrl, issuer, audience }: HankoSettings) {
    this.handler = auth({ jwksUri: jwksUrl, issuer, audience, tokenSigningAlg: 'RS256' });
  }

  use(request: Request, response: Response, next: NextFunction): void {
    void this.handler(request, response, (error?: unknown) => {
      // Nest answers 500 to an error that it does not know.
      next(
        error instanceof UnauthorizedError ? new HttpException(error.message, error.status) : error,
      );
    });
  }
}

@Controller()
class MeController {
  @Get('me')
  me(@Req() request: { readonly auth: AuthResult }) {
    return { id: request.auth.payload.sub };
  }
}

@Module({ controllers: [MeController, PingController] })
class ExpressOAuth2Module implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(AuthMiddleware).forRoutes(MeController);
  }
}

/** Auth0's middleware; Express only. */
export const expressOAuth2JwtBearer: Contender = {
  id: 'express-oauth2-jwt-bearer',
  name: 'express-oauth2-jwt-bearer',
  platforms: ['express'],
  credential: 'bearer',
  verifies: true,
  app: (hanko) => ({
    module: ExpressOAuth2Module,
    providers: [{ provide: HANKO, useValue: hanko }],
  }),
};
