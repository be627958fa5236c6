import { useEffect, useState } from 'react';
import { ROUTES } from '../../shared/routes';
import { shownAnswer } from '../../shared/shown-answer';
import { type Answer, callApi } from './hanko';

export function ApiCalls({ userId }: { userId: string | undefined }) {
  const [answer, setAnswer] = useState<Answer>();
  const [shown] = useState(() => shownAnswer<Answer>(setAnswer));
  useEffect(() => shown.userIs(userId), [shown, userId]);

  return (
    <section className="card">
      <h2>Call the API</h2>
      <div className="buttons">
        {Object.entries(ROUTES).map(([name, route]) => (
          <button key={route} onClick={() => shown.of(() => callApi(route))}>
            {name} <code>{route}</code>
          </button>
        ))}
      </div>
      <output>
        {answer ? (
          <strong data-ok={answer.status === 200}>
            {answer.route} → {answer.status}
          </strong>
        ) : (
          'Status and body of the answer.'
        )}
        {answer?.advice && <p className="advice">{answer.advice}</p>}
        {answer && <pre tabIndex={0}>{JSON.stringify(answer.body, null, 2)}</pre>}
      </output>
    </section>
  );
}
