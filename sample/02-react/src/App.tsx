import { ApiCalls } from './ApiCalls';
import { hanko } from './hanko';
import { useSession } from './useSession';

const focus = (heading: HTMLElement | null) => heading?.focus(); // out here: called once

export function App() {
  const { user, notice } = useSession();

  return (
    <main>
      <h1>Hanko, React and NestJS</h1>
      <p role="status" className="notice">
        {notice}
      </p>
      <section className="card account">
        {user === null && <hanko-auth />}
        {user && (
          <>
            <h2 tabIndex={-1} ref={focus}>
              Hello {user.email?.address ?? user.id}
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
      <ApiCalls userId={user?.id} />
    </main>
  );
}
