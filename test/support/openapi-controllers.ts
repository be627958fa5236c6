import { Controller, Delete, Get, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiForbiddenResponse, ApiUnauthorizedResponse } from '@nestjs/swagger';
import { HankoAuthGuard, OptionalAuth, Public, RequireAuth } from 'nestjs-hanko';
import { PlainController } from './app.js';

@UseGuards(HankoAuthGuard)
@Controller('notes')
class NotesController {
  @Get()
  list(): string {
    return 'in';
  }

  @Post()
  add(): string {
    return 'in';
  }

  @OptionalAuth()
  @Get('feed')
  feed(): string {
    return 'in';
  }

  @OptionalAuth()
  @Post('feed')
  react(): string {
    return 'in';
  }

  @Public()
  @Get('health')
  health(): string {
    return 'in';
  }

  @RequireAuth({ mfa: true, amr: 'pwd', maxAgeSeconds: 300 })
  @Get(':id')
  secret(@Param('id') id: string): string {
    return id;
  }

  @RequireAuth({ maxAgeSeconds: 300, verifiedEmail: true, claims: { tier: 'gold' } })
  @Delete(':id')
  remove(@Param('id') id: string): string {
    return id;
  }
}

@RequireAuth({ mfa: true, verifiedEmail: true, claims: { tier: 'gold' } })
@Controller('taken-back')
class TakenBackController {
  @RequireAuth({ mfa: null, verifiedEmail: null, claims: { tier: null } })
  @Get()
  plain(): string {
    return 'in';
  }
}

/** One demand each. */
@Controller('demands')
class DemandsController {
  @RequireAuth({ mfa: true })
  @UseGuards(HankoAuthGuard)
  @Get('mfa')
  mfa(): string {
    return 'in';
  }

  @RequireAuth({ amr: { allOf: ['pwd'] } })
  @UseGuards(HankoAuthGuard)
  @Get('amr')
  amr(): string {
    return 'in';
  }

  @RequireAuth({ maxAgeSeconds: 300 })
  @UseGuards(HankoAuthGuard)
  @Get('age')
  age(): string {
    return 'in';
  }

  @RequireAuth({ verifiedEmail: true })
  @UseGuards(HankoAuthGuard)
  @Get('email')
  email(): string {
    return 'in';
  }

  @RequireAuth({ claims: { tier: 'gold' } })
  @UseGuards(HankoAuthGuard)
  @Get('claims')
  claims(): string {
    return 'in';
  }
}

@UseGuards(HankoAuthGuard)
@Controller('own')
class OwnWordsController {
  @ApiUnauthorizedResponse({ description: 'Who are you?' })
  @Get()
  answered(): string {
    return 'in';
  }

  @ApiForbiddenResponse({ description: 'Not you.' })
  @ApiBearerAuth('staff')
  @Post()
  secured(): string {
    return 'in';
  }
}

/** One of each kind of route that a document can tell of. */
export const CONTROLLERS = [
  NotesController,
  TakenBackController,
  DemandsController,
  OwnWordsController,
  PlainController,
];
