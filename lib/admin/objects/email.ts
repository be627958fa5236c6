import { Reader } from '../reader.js';

/** An email address of a user. */
export interface HankoAdminEmail {
  /** UUID of this address. */
  readonly id: string;
  /** The address itself, in lower case. */
  readonly address: string;
  /** Whether the user has proved to own it: grant nothing by one that is not verified. */
  readonly isVerified: boolean;
  /** Whether it is the one that session tokens name. */
  readonly isPrimary: boolean;
  /** Time of its creation. */
  readonly createdAt: Date;
  /** Time of its last change. */
  readonly updatedAt: Date;
}

export function readEmail(json: unknown): HankoAdminEmail {
  const email = new Reader(json, 'email');
  return {
    id: email.uuid('id'),
    address: email.text('address'),
    isVerified: email.flag('is_verified'),
    isPrimary: email.flag('is_primary'),
    createdAt: email.date('created_at'),
    updatedAt: email.date('updated_at'),
  };
}
