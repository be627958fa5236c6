import { EventEmitter, on } from 'node:events';
import {
  Args,
  Field,
  ID,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { CurrentUser } from 'nestjs-hanko';

@ObjectType()
export class Note {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  text!: string;
}

@Resolver(() => Note)
export class NotesResolver {
  private readonly notes = new Map<string, readonly Note[]>();
  /** An event by the name of each user. An app of several instances has Redis there, or the like. */
  private readonly added = new EventEmitter().setMaxListeners(0);

  @Query(() => [Note], { name: 'notes' })
  notesOf(@CurrentUser('id') userId: string) {
    return this.notes.get(userId) ?? [];
  }

  @Mutation(() => Note)
  addNote(@CurrentUser('id') userId: string, @Args('text') text: string): Note {
    const note = { id: crypto.randomUUID(), text };
    this.notes.set(userId, [...this.notesOf(userId), note].slice(-100));
    this.added.emit(userId, note);
    return note;
  }

  /** The guard asks who it is when somebody subscribes: what they get is theirs, by the name of the event. */
  @Subscription(() => Note, { resolve: ([note]: [Note]) => note })
  noteAdded(@CurrentUser('id') userId: string) {
    return on(this.added, userId);
  }
}
