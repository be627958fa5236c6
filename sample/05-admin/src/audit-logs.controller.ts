import { Controller, Get, Query } from '@nestjs/common';
import { HankoAdmin } from 'nestjs-hanko/admin';
import { ForAdministrators } from './administrators.js';
import { PageNumber } from './page-number.pipe.js';

/** Empty unless Hanko stores its log: `audit_log.storage.enabled`. */
@ForAdministrators()
@Controller('audit-logs')
export class AuditLogsController {
  constructor(private readonly hanko: HankoAdmin) {}

  @Get()
  list(@Query('type') type: unknown, @Query('page', PageNumber) page: number) {
    const types = typeof type === 'string' && type ? { types: [type] } : {};
    return this.hanko.auditLogs.list({ perPage: 20, ...types }).page(page);
  }
}
