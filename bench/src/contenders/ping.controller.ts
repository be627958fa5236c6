import { Controller, Get } from '@nestjs/common';

/** The open route of every contender that guards single routes. */
@Controller()
export class PingController {
  @Get('ping')
  ping() {
    return { ok: true };
  }
}
