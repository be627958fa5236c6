import { Controller, Get, Inject, Post, Req, UseGuards } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  HankoModule,
  HankoRevocation,
  type IncomingRequest,
  OptionalAuth,
  SessionToken,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import type { AnswerCode } from '../../support/documented-answers.js';
import {
  bearer,
  cookie,
  PLATFORMS,
  type RunningApp,
  startApp,
  type StartOptions,
} from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';
import { sessionIdIn } from '../../support/claims-in.js';

@Controller()
class FeedController {
  constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

  @OptionalAuth()
  @UseGuards(HankoAuthGuard)
  @Get('guard')
  guarded(@CurrentUser('id') id: string | null, @SessionToken() token: string | null): string {
    return id ?? `nobody${token ?? ''}`;
  }

  @OptionalAuth()
  @Post('parameter')
  parameter(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }

  @Get('service')
  async service(@Req() request: IncomingRequest): Promise<string> {
    return (await this.auth.authenticate(request, { optional: true }))?.id ?? 'nobody';
  }

  @UseGuards(HankoAuthGuard)
  @Get('required')
  required(@CurrentUser('id') id: string): string {
    return id;
  }
}

let hanko: FakeHanko;
let other: FakeHanko;
let userId: string;
let token: string;
const bad = new Map<AnswerCode, string>();

beforeAll(async () => {
  hanko = await FakeHanko.start();
  other = await FakeHanko.start();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
  bad.set('token_malformed', 'deleted');
  bad.set('token_too_large', 'x'.repeat(8_193));
  bad.set('token_algorithm_not_allowed', await hanko.forgedToken('rs384'));
  bad.set('token_key_unknown', await other.token());
  bad.set('token_signature_invalid', await hanko.forgedToken('other-key-same-kid'));
  bad.set('token_expired', await hanko.expiredToken());
  bad.set('token_not_yet_valid', await hanko.token({ ageSeconds: -600 }));
  bad.set('token_audience_mismatch', await hanko.token({ audience: 'other.test' }));
  bad.set('token_not_a_session', await hanko.webhookToken('user', {}));
});
afterAll(async () => {
  await hanko.stop();
  await other.stop();
});

const CODES: readonly AnswerCode[] = [
  'token_malformed',
  'token_too_large',
  'token_algorithm_not_allowed',
  'token_key_unknown',
  'token_signature_invalid',
  'token_expired',
  'token_not_yet_valid',
  'token_audience_mismatch',
  'token_not_a_session',
];

describe.each(PLATFORMS)('on optional routes, on %s,', (platform) => {
  describe('a cookie', { shuffle: false }, () => {
    const start = (options: StartOptions = {}): Promise<RunningApp> =>
      startApp(
        platform,
        {
          imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
          controllers: [FeedController],
        },
        options,
      );
    let app: RunningApp;
    beforeAll(async () => {
      app = await start();
    });
    afterAll(() => app[Symbol.asyncDispose]());

    it.each(CODES)('a cookie that is %s elsewhere is nobody: nobody can clear it', async (code) => {
      const sent = bad.get(code) ?? '';
      expect((await app.get('/guard', cookie(sent))).text).toBe('nobody');
      expect((await app.request('POST', '/parameter', cookie(sent))).text).toBe('nobody');
      expect((await app.get('/guard', cookie(sent, 'garbage'))).text).toBe('nobody');
      expect(await app.get('/service', cookie(sent))).toMatchObject({ text: 'nobody' });
      expect((await app.get('/guard', cookie(sent, token))).text).toBe(userId);

      expect(await app.get('/required', cookie(sent))).toBeRefused(code);
      expect(await app.get('/guard', bearer(sent))).toBeRefused(code);
      expect(await app.get('/guard', { ...bearer(sent), ...cookie(token) })).toBeRefused(code);
    });

    it('a session that has ended is nobody by its cookie', async () => {
      const ended = await hanko.token();
      await app.app.get(HankoRevocation).revoke(sessionIdIn(ended));

      expect((await app.get('/guard', cookie(ended))).text).toBe('nobody');
      expect(await app.get('/guard', bearer(ended))).toBeRefused('session_revoked');
    });

    it('a foreign site, two users, too many cookies and an outage are told all the same', async () => {
      const foreign = { 'Sec-Fetch-Site': 'cross-site' };
      const bob = await hanko.token();

      expect(
        await app.request('POST', '/parameter', { ...cookie('deleted'), ...foreign }),
      ).toBeRefused('cross_site_request');
      expect(await app.get('/guard', cookie(token, bob))).toBeRefused('credentials_ambiguous');
      expect(await app.get('/guard', cookie(...'abcdefghi'.split('')))).toBeRefused(
        'credentials_ambiguous',
      );
      await hanko.fault('down');
      try {
        await using lonely = await start();
        expect(await lonely.get('/guard', cookie(token))).toBeRefused('hanko_unavailable');
      } finally {
        await hanko.recover();
      }
    });

    it('the cookie of another user that cannot be judged now does not make the good one ambiguous in silence', async () => {
      await using lonely = await start();
      expect((await lonely.get('/guard', cookie(token))).text).toBe(userId);
      // From here on the shared app meets keys that it does not know: this case is the last one.
      await hanko.rotateKey();
      const bob = await hanko.token();
      const ofSameUser = await hanko.token({ user: userId });
      await hanko.fault('down');
      try {
        for (const pair of [
          [token, bob],
          [bob, token],
        ]) {
          expect(await lonely.get('/guard', cookie(...pair))).toBeRefused('hanko_unavailable');
        }
        expect((await lonely.get('/guard', cookie(ofSameUser, token))).text).toBe(userId);
      } finally {
        await hanko.recover();
      }
    });

    it('one debug line says what is wrong with the cookie', async () => {
      const log = new CapturedLog();
      await using quiet = await start({ log });
      await quiet.get('/guard', cookie(bad.get('token_expired') ?? ''));

      expect(log.messages('debug', 'HankoAuth')).toEqual([
        expect.stringMatching(
          /^anonymous at FeedController\.guarded: its cookie was ignored, token_expired\. The token expired \d+ s ago$/,
        ),
      ]);
    });
  });
});
