// Compiled by test/surface/claims-types.test.ts, by itself: metadata that is declared, and metadata that has a schema.
import type { HankoProfile, HankoUserProfile } from 'nestjs-hanko';
import { type HankoAdmin, type HankoAdminMetadata, HankoAdminModule } from 'nestjs-hanko/admin';
import { z } from 'zod';

const privateMetadata = z.object({
  plan: z.enum(['free', 'team']).default('free'),
  since: z
    .string()
    .transform((text) => new Date(text))
    .optional(),
});

declare module 'nestjs-hanko' {
  interface HankoPublicMetadata {
    readonly role?: 'admin' | 'member';
    readonly org?: { readonly plan: 'pro' | 'team'; readonly seats?: number };
    readonly tags?: readonly string[];
  }
}

declare module 'nestjs-hanko/admin' {
  interface HankoAdminRegister {
    privateMetadata: typeof privateMetadata;
  }
  // It is one declaration with that of nestjs-hanko.
  interface HankoUnsafeMetadata {
    readonly theme?: unknown;
  }
}

export const modules = [
  HankoAdminModule.forRoot({ metadataSchemas: { privateMetadata } }),
  // @ts-expect-error: no Standard Schema
  HankoAdminModule.forRoot({ metadataSchemas: { publicMetadata: {} } }),
  // @ts-expect-error: users could hide
  HankoAdminModule.forRoot({ metadataSchemas: { unsafeMetadata: privateMetadata } }),
];

export function read({
  publicMetadata,
  privateMetadata: made,
  unsafeMetadata,
}: HankoAdminMetadata) {
  const role: 'admin' | 'member' | undefined = publicMetadata.role;
  const plan: 'free' | 'team' = made.plan;
  const since: Date | undefined = made.since;
  // @ts-expect-error: nobody declared it
  void publicMetadata.roles;
  // @ts-expect-error: the schema does not make it
  void made.plans;
  // @ts-expect-error: users write it
  const theme: string = unsafeMetadata.theme;
  // @ts-expect-error: metadata is changed by update()
  publicMetadata.role = 'admin';
  // @ts-expect-error: it may be absent
  void publicMetadata.org.plan;
  return [role, plan, since, theme];
}

export async function profile(own: HankoProfile): Promise<unknown> {
  const { publicMetadata }: HankoUserProfile = await own.get('…');
  // @ts-expect-error: nobody declared it
  void publicMetadata.roles;
  return publicMetadata.role;
}

export function write(admin: HankoAdmin): Promise<unknown>[] {
  return [
    admin.metadata.update('…', { publicMetadata: { role: 'admin' } }),
    admin.metadata.update('…', { publicMetadata: { role: null, org: { seats: null } } }),
    admin.metadata.update('…', { publicMetadata: null, privateMetadata: { plan: 'team' } }),
    admin.metadata.update('…', { privateMetadata: { since: '2026-01-01' } }),
    admin.metadata.update('…', { publicMetadata: { tags: ['a'] }, unsafeMetadata: { theme: 1 } }),
    // @ts-expect-error: no value of it
    admin.metadata.update('…', { publicMetadata: { role: 'owner' } }),
    // @ts-expect-error: nobody declared it
    admin.metadata.update('…', { publicMetadata: { roel: 'admin' } }),
    // @ts-expect-error: a list is replaced as a whole
    admin.metadata.update('…', { publicMetadata: { tags: [null] } }),
    // @ts-expect-error: a Date is what the schema makes of the text that is stored
    admin.metadata.update('…', { privateMetadata: { since: new Date() } }),
    // @ts-expect-error: no kind of metadata
    admin.metadata.update('…', { public_metadata: { role: 'admin' } }),
  ];
}
