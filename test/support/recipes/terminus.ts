import { Controller, Get, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Public, RequireAuth } from 'nestjs-hanko';
import { HankoHealthIndicator } from 'nestjs-hanko/terminus';

@Public() // a probe has no token
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly hanko: HankoHealthIndicator,
  ) {}

  @Get('live') // restart the process? Never because of Hanko
  @HealthCheck()
  live() {
    return this.health.check([]);
  }

  @Get('ready') // send requests here? 503 while requests with a token get 503
  @HealthCheck()
  ready() {
    return this.health.check([() => this.hanko.isReady()]);
  }

  @RequireAuth() // for people: what failed last, and why
  @Get('details')
  @HealthCheck()
  details() {
    return this.health.check([() => this.hanko.isLive('hanko', { report: true })]);
  }
}

@Module({
  imports: [TerminusModule],
  controllers: [HealthController],
  providers: [HankoHealthIndicator],
})
export class HealthModule {}
