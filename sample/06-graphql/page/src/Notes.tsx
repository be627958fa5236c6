import { type FormEvent, useState } from 'react';
import { useMutation, useQuery, useSubscription } from 'urql';

type Note = { id: string; text: string };

/** What this user has written, here and in every other window. */
export function Notes() {
  const [text, setText] = useState('');
  const [stored] = useQuery<{ notes: Note[] }>({ query: '{ notes { id text } }' });
  const [later] = useSubscription<{ noteAdded: Note }, Note[]>(
    { query: 'subscription { noteAdded { id text } }' },
    (all = [], { noteAdded }) => [...all, noteAdded],
  );
  const [adding, add] = useMutation('mutation ($text: String!) { addNote(text: $text) { id } }');

  const notes = [...(stored.data?.notes ?? []), ...(later.data ?? [])];
  const error = stored.error ?? later.error ?? adding.error;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const added = await add({ text });
    if (!added.error) setText('');
  };

  return (
    <section className="card">
      <h2>Your notes</h2>
      <form className="line" onSubmit={submit}>
        <input
          aria-label="New note"
          placeholder="New note"
          required
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button>Add</button>
      </form>
      {error && <p role="alert">{error.message}</p>}
      <ul className="notes" aria-live="polite">
        {[...new Map(notes.map((note) => [note.id, note])).values()].map((note) => (
          <li key={note.id}>{note.text}</li>
        ))}
      </ul>
      <p className="hint">Open this page in a second window: what you add shows up there, too.</p>
    </section>
  );
}
