import {
  All,
  applyDecorators,
  Controller,
  Get,
  Module,
  Post,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation } from '@nestjs/swagger';
import { HankoAuthGuard, OptionalAuth, Public, RequireAuth } from 'nestjs-hanko';

export type Access = 'required' | 'optional' | 'public' | 'unguarded';

const MARKS = {
  required: [UseGuards(HankoAuthGuard), RequireAuth()],
  optional: [UseGuards(HankoAuthGuard), OptionalAuth()],
  public: [Public()],
  unguarded: [],
} as const;

/** Lets in whom it says, and says so in the document: as `description`, which we leave alone. */
const Is = (access: Access): MethodDecorator =>
  applyDecorators(...MARKS[access], ApiOperation({ description: access }));

@Controller(['notes', 'papers'])
export class NotesController {
  @Is('required')
  @Get([':id', 'by-name/:name'])
  one(): string {
    return 'in';
  }

  @Is('public')
  @Get()
  list(): string {
    return 'in';
  }

  @Is('optional')
  @Post('/')
  add(): string {
    return 'in';
  }

  @Is('required')
  @All('any/:id')
  any(): string {
    return 'in';
  }

  @Is('public')
  @Get('any/:id/more')
  more(): string {
    return 'in';
  }

  @Is('public')
  @Get('files')
  files(): string {
    return 'in';
  }

  @Is('required')
  @Get('from/:from-:to')
  span(): string {
    return 'in';
  }

  @Is('unguarded')
  @Get('left/alone')
  alone(): string {
    return 'in';
  }

  @Is('required')
  @ApiExcludeEndpoint()
  @Get('hidden/from/all')
  hidden(): string {
    return 'in';
  }
}

@Controller('health')
export class HealthController {
  @Is('public')
  @Get()
  health(): string {
    return 'in';
  }
}

@Controller('inner')
export class InnerController {
  @Is('required')
  @Get(':id')
  one(): string {
    return 'in';
  }
}

@Module({ controllers: [InnerController] })
export class InnerModule {}

@Controller({ path: 'versioned', version: ['1', '2'] })
export class VersionedController {
  @Is('required')
  @Get()
  both(): string {
    return 'in';
  }

  @Version('3')
  @Is('public')
  @Get()
  third(): string {
    return 'in';
  }

  @Version(VERSION_NEUTRAL)
  @Is('optional')
  @Get('neutral')
  neutral(): string {
    return 'in';
  }
}

@Controller()
export class ExpressController {
  @Is('public')
  @Get('notes/files/:name')
  oneFile(): string {
    return 'in';
  }

  @Is('optional')
  @Get('old/:name')
  oldOne(): string {
    return 'in';
  }

  @Is('required')
  @Get('notes/files/*path')
  file(): string {
    return 'in';
  }

  @Is('required')
  @Get('grouped{/*rest}')
  grouped(): string {
    return 'in';
  }

  @Is('required')
  @Get('optional{/:part}')
  optional(): string {
    return 'in';
  }

  @Is('public')
  @Get('old/*')
  old(): string {
    return 'in';
  }

  @Is('required')
  @Get('a\\:colon')
  colon(): string {
    return 'in';
  }
}

@Controller()
export class FastifyController {
  @Is('public')
  @Get('notes/files/:name')
  oneFile(): string {
    return 'in';
  }

  @Is('required')
  @Get('notes/files/*')
  file(): string {
    return 'in';
  }

  @Is('required')
  @Get('digits/:id(^\\d+$)')
  digits(): string {
    return 'in';
  }

  @Is('public')
  @Get('star/*')
  star(): string {
    return 'in';
  }

  @Is('required')
  @Get('a::colon')
  colon(): string {
    return 'in';
  }
}

@UseGuards(HankoAuthGuard)
@Controller('same')
export class ByHeaderController {
  @Version('1')
  @Get()
  first(): string {
    return 'in';
  }

  @Version('2')
  @Public()
  @Get()
  second(): string {
    return 'in';
  }

  @Version('1')
  @RequireAuth({ mfa: true })
  @Get('closed')
  third(): string {
    return 'in';
  }

  @Version('2')
  @RequireAuth({ verifiedEmail: true })
  @Get('closed')
  fourth(): string {
    return 'in';
  }
}

@Controller('either')
export class EitherController {
  @Public()
  @All()
  all(): string {
    return 'in';
  }

  @UseGuards(HankoAuthGuard)
  @Get()
  get(): string {
    return 'in';
  }
}
