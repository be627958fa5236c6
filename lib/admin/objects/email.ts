import { Reader } from '../reader.js';

/** An email address of a user. */
export interface HankoAdminEmail {
  /** A UUID. */
  readonly id: string;
  readonly address: string;
  /** False until the user has proved the address. */
  readonly isVerified: boolean;
  /** True for the one that tokens name. */
  readonly isPrimary: boolean;
  readonly createdAt: Date;
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
