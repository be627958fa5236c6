import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

/** The number of a page; without one the first. */
@Injectable()
export class PageNumber implements PipeTransform {
  transform(value: unknown = '1') {
    if (typeof value === 'string' && /^[1-9]\d{0,5}$/.test(value)) return Number(value);
    throw new BadRequestException('page is a number from 1');
  }
}
