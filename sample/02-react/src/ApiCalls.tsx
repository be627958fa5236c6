import { useState } from 'react';
import { type Answer, callApi } from './hanko';

const ROUTES = {
  Public: '/',
  Optional: '/greeting',
  Protected: '/me',
  'Recent login': '/account/export',
  'Second factor': '/account/billing',
};

export function ApiCalls() {
  const [answer, setAnswer] = useState<Answer>();

  return (
    <section className="card">
      <h2>Call the API</h2>
      <div className="buttons">
        {Object.entries(ROUTES).map(([name, route]) => (
          <button key={route} onClick={async () => setAnswer(await callApi(route))}>
            {name} <code>{route}</code>
          </button>
        ))}
      </div>
      <output>
        {answer ? (
          <>
            <strong data-ok={answer.status === 200}>
              {answer.route} → {answer.status}
            </strong>
            {answer.advice && <p className="advice">{answer.advice}</p>}
            <pre tabIndex={0}>{JSON.stringify(answer.body, null, 2)}</pre>
          </>
        ) : (
          'Status and body of the answer.'
        )}
      </output>
    </section>
  );
}
