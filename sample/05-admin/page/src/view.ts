import type { HankoAdminAuditLog, HankoPage } from 'nestjs-hanko/admin';

/** What a view can do with the page around it. */
export interface Page {
  /** Whether this page has that session. */
  isMine(sessionId: string): boolean;
  /** Puts something in the place of what is shown, unless the user has left meanwhile. */
  show(...content: readonly Node[]): void;
  /** Says something, likewise. */
  tell(text: string): void;
  /** Makes a call. @returns the body, or undefined if the API refused; the page has said so. */
  call<Body>(path: string, method?: string, json?: unknown): Promise<Body | undefined>;
  /** Goes to a view, or shows it anew if it is there. */
  go(hash: string): void;
}

/** What JSON makes of a type: its times are texts. */
export type Sent<T> = T extends Date
  ? string
  : T extends object
    ? { [Name in keyof T]: Sent<T[Name]> }
    : T;

export type List<Item> = Sent<HankoPage<Item>>;
export type LogEntry = Sent<HankoAdminAuditLog>;
