import { useEffect, useState } from 'react';
import { useClient } from 'urql';
import { shownAnswer } from '../../../shared/shown-answer';
import { type Answer, ask } from './graphql';

const QUERIES = {
  Optional: '{ greeting }',
  Protected: '{ notes { text } }',
  'Second factor': '{ me { email card } }',
};

export function Queries({ userId }: { userId: string | undefined }) {
  const client = useClient();
  const [answer, setAnswer] = useState<Answer>();
  const [shown] = useState(() => shownAnswer<Answer>(setAnswer));
  useEffect(() => shown.userIs(userId), [shown, userId]);

  return (
    <section className="card">
      <h2>Call the API</h2>
      <div className="buttons">
        {Object.entries(QUERIES).map(([name, query]) => (
          <button key={query} onClick={() => shown.of(() => ask(client, query))}>
            {name} <code>{query.slice(2, -2)}</code>
          </button>
        ))}
      </div>
      <output>
        {answer ? (
          <strong data-ok={answer.isFine}>
            {answer.query} → {answer.isFine ? 'data' : 'errors'}
          </strong>
        ) : (
          'The answer: data, errors, or some of both.'
        )}
        {answer?.advice && <p className="advice">{answer.advice}</p>}
        {answer && <pre tabIndex={0}>{JSON.stringify(answer.body, null, 2)}</pre>}
      </output>
    </section>
  );
}
