import { useMemo } from 'react';
import { Provider } from 'urql';
import { newClient } from './graphql';
import { hanko } from './hanko';
import { Notes } from './Notes';
import { Queries } from './Queries';
import { useSession } from './useSession';

const focus = (heading: HTMLElement | null) => heading?.focus(); // out here: called once

export function App() {
  const { user, notice } = useSession();
  const client = useMemo(newClient, [user?.sessionId]);

  return (
    <Provider value={client}>
      <main>
        <h1>Hanko, GraphQL and NestJS</h1>
        <p role="status" className="notice">
          {notice}
        </p>
        <section className="card account">
          {user === null && <hanko-auth />}
          {user && (
            <>
              <h2 tabIndex={-1} ref={focus}>
                Hello {user.email ?? user.id}
              </h2>
              <p>
                Signed in by <code>{user.amr.join(', ')}</code> until{' '}
                {new Date(user.expiresAt).toLocaleTimeString()}.
              </p>
              <button onClick={() => hanko.logout()}>Sign out</button>
              <hanko-profile />
            </>
          )}
        </section>
        <div className="stack">
          {user && <Notes key={user.sessionId} />}
          <Queries userId={user?.id} />
        </div>
      </main>
    </Provider>
  );
}
