import {
  BadRequestException,
  Body,
  Controller,
  Delete,
  Get,
  Param,
  ParseUUIDPipe,
  Patch,
  Query,
} from '@nestjs/common';
import { HankoAdmin, type HankoMetadataChanges } from 'nestjs-hanko/admin';
import { ForAdministrators } from './administrators.js';
import { LiveGateway } from './live.gateway.js';
import { PageNumber } from './page-number.pipe.js';

/**
 * What changes something is PATCH or DELETE, never POST: from a page of another origin a browser asks first, and is refused. A
 * form of a sibling host (`same-site`) could send POST with the cookie.
 */
@ForAdministrators()
@Controller('users')
export class UsersController {
  constructor(
    private readonly hanko: HankoAdmin,
    private readonly live: LiveGateway,
  ) {}

  @Get()
  list(@Query('q') q: unknown, @Query('by') by: unknown, @Query('page', PageNumber) page: number) {
    const text = typeof q === 'string' ? q.trim() : '';
    const filter = by === 'username' ? { usernameContains: text } : { emailContains: text };
    return this.hanko.users.list({ perPage: 10, ...(text && filter) }).page(page);
  }

  @Get(':id')
  async user(@Param('id', ParseUUIDPipe) id: string) {
    const [user, sessions, activity] = await Promise.all([
      this.hanko.users.get(id),
      this.hanko.sessions.list(id),
      this.hanko.auditLogs.list({ actorUserId: id, perPage: 10 }).page(),
    ]);
    const withSockets = sessions.map((session) => ({
      ...session,
      sockets: this.live.count(session.id),
    }));
    return { user, sessions: withSockets, activity: activity.items };
  }

  /** A merge patch for each kind of metadata (RFC 7396): what another administrator changes meanwhile stays. */
  @Patch(':id/metadata')
  async changeMetadata(@Param('id', ParseUUIDPipe) id: string, @Body() body: unknown) {
    const changes = changesIn(body);
    const metadata = await this.hanko.metadata.update(id, changes);
    // Tokens keep the role of their login. Whoever is no administrator any more must not go on being one.
    const { publicMetadata = {} } = changes;
    const isAboutRole = publicMetadata === null || 'role' in publicMetadata;
    return { metadata, ended: isAboutRole ? await this.hanko.users.revokeSessions(id) : 0 };
  }

  @Delete(':id/sessions')
  async endSessions(@Param('id', ParseUUIDPipe) id: string) {
    return { ended: await this.hanko.users.revokeSessions(id) };
  }

  @Delete(':id/sessions/:sessionId')
  async endSession(
    @Param('id', ParseUUIDPipe) id: string,
    @Param('sessionId', ParseUUIDPipe) sessionId: string,
  ) {
    await this.hanko.sessions.revoke(id, sessionId);
    return { ended: 1 };
  }

  /** For a user who has lost the device. */
  @Delete(':id/credentials/:credentialId')
  async removeCredential(
    @Param('id', ParseUUIDPipe) id: string,
    @Param('credentialId') credentialId: string,
  ) {
    await this.hanko.credentials.delete(id, credentialId);
    return { removed: true };
  }

  /** The authenticator app, likewise. */
  @Delete(':id/otp')
  async removeOtp(@Param('id', ParseUUIDPipe) id: string) {
    await this.hanko.otp.delete(id);
    return { removed: true };
  }
}

const KINDS = ['publicMetadata', 'privateMetadata', 'unsafeMetadata'] as const;

/** What came, checked: an object, or null, for each kind that is there, and nothing else. */
function changesIn(body: unknown): HankoMetadataChanges {
  const written = Object.entries(Object(body) as Record<string, unknown>);
  const isChange = ([kind, change]: [string, unknown]) =>
    KINDS.some((known) => known === kind) &&
    typeof change === 'object' &&
    !Array.isArray(change) &&
    (change === null || Object.keys(change).length > 0);
  if (written.length > 0 && written.every(isChange)) return Object.fromEntries(written);
  throw new BadRequestException(`The body has an object for one of ${KINDS.join(', ')}`);
}
