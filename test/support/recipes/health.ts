import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { HankoHealth, Public, RequireAuth } from 'nestjs-hanko';

@Public()
@Controller('health')
export class HealthController {
  constructor(private readonly hanko: HankoHealth) {}

  @Get('live') // restart the process? Never because of Hanko
  live() {
    return { status: 'up' };
  }

  @Get('ready') // send requests here?
  ready() {
    const { status } = this.hanko.report(); // up | degraded | down
    if (status === 'down') throw new ServiceUnavailableException({ status });
    return { status };
  }

  @RequireAuth() // what failed and when, for people and metrics
  @Get('details')
  details() {
    return this.hanko.report();
  }
}
