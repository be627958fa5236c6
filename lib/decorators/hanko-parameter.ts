import {
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  type OnModuleInit,
  Optional,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import { requireHankoModule } from '../auth/require-hanko-module.js';
import { HANKO_PARAMETER } from '../hanko.constants.js';
import { carry, unpack } from './context-carrier.js';

/**
 * The class of the pipe that makes a parameter's value of the carried context. Nest injects it into each module that uses
 * the decorator.
 *
 * @param decorator as the app wrote it: for the audit and for errors.
 * @param check throws if the app has not what the decorator needs; when it starts.
 */
export function parameterPipe(
  decorator: string,
  read: (hanko: HankoAuthService, context: ExecutionContext) => unknown,
  check: (hanko: HankoAuthService) => void = () => undefined,
): Type<PipeTransform> {
  @Injectable()
  class HankoParameterPipe implements PipeTransform, OnModuleInit {
    constructor(@Optional() @Inject(HankoAuthService) private readonly hanko: HankoAuthService) {}

    onModuleInit(): void {
      check(requireHankoModule(this.hanko, decorator));
    }

    transform(carrier: unknown): unknown {
      return read(requireHankoModule(this.hanko, decorator), unpack(carrier, decorator));
    }
  }
  Object.defineProperty(HankoParameterPipe.prototype, HANKO_PARAMETER, { value: decorator });
  return HankoParameterPipe;
}

const decorate = createParamDecorator((_data: unknown, context) => carry(context));

/** No data for Nest: ValidationPipe would take it for the name of a value to convert. */
export const parameter = (
  ...pipes: readonly (Type<PipeTransform> | PipeTransform)[]
): ParameterDecorator => decorate(undefined, ...pipes);
