import { randomUUID } from 'node:crypto';

/** A user at a third party: how Hanko knows them again. */
export interface Identity {
  readonly id: string;
  readonly provider_id: string;
  /** Id of the user at the provider. */
  readonly subject: string;
  /** The address that the provider says is theirs; null if the user has no such address. */
  readonly email_id: string | null;
  /** Null until the user to whom it is to be connected has come back to the profile. */
  readonly user_id: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Enough for any test. */
const MAX_IDENTITIES = 10_000;

/** The identities of all users (hanko backend/persistence/models/identity.go). */
export class Identities {
  private readonly all = new Map<string, Identity>();

  find(providerId: string, subject: string): Identity | undefined {
    return [...this.all.values()].find(
      (one) => one.provider_id === providerId && one.subject === subject,
    );
  }

  get(id: string): Identity | undefined {
    return this.all.get(id);
  }

  of(userId: string): readonly Identity[] {
    return [...this.all.values()].filter((one) => one.user_id === userId);
  }

  add(identity: Omit<Identity, 'created_at' | 'id' | 'updated_at'>, at: string): Identity {
    const added = { id: randomUUID(), ...identity, created_at: at, updated_at: at };
    const oldest = this.all.keys().next();
    if (this.all.size >= MAX_IDENTITIES && !oldest.done) this.all.delete(oldest.value);
    this.all.set(added.id, added);
    return added;
  }

  update(identity: Identity, changes: Partial<Identity>, at: string): Identity {
    const changed = { ...identity, ...changes, updated_at: at };
    this.all.set(identity.id, changed);
    return changed;
  }

  delete(id: string): void {
    this.all.delete(id);
  }

  deleteOf(userId: string): void {
    for (const { id } of this.of(userId)) this.delete(id);
  }
}
