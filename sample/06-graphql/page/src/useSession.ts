import { useEffect, useState } from 'react';
import { currentUser, type User } from './graphql';
import { hanko } from './hanko';

/** Who is signed in (undefined: not known yet), and what to tell whoever no longer is. */
export function useSession() {
  const [user, setUser] = useState<User | null>();
  const [notice, setNotice] = useState('');

  useEffect(() => {
    const load = async () => setUser(await currentUser());
    const signedOut = (text: string) => () => {
      setUser(null);
      setNotice(text);
    };
    const stops = [
      hanko.onSessionCreated(() => {
        setNotice('');
        void load();
      }),
      hanko.onSessionExpired(signedOut('Your session has ended. Please sign in again.')),
      hanko.onUserLoggedOut(signedOut('You are signed out.')),
      hanko.onUserDeleted(signedOut('Your account is deleted.')),
    ];
    void load();
    return () => stops.forEach((stop) => stop());
  }, []);

  return { user, notice };
}
