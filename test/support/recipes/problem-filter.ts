import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { HankoAuthError } from 'nestjs-hanko';

@Catch(HankoAuthError)
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: HankoAuthError, host: ArgumentsHost) {
    const response = host.switchToHttp().getResponse();
    const body = { type: 'about:blank', title: error.message, code: error.code };
    this.adapterHost.httpAdapter.reply(response, body, error.getStatus());
  }
}
