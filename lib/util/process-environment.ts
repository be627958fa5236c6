/** The one place that reads `process.env`, each time it is asked: a test or a loader may change it later. */
export const processVariable = (name: string): string | undefined => process.env[name];

/** All variables, as they are now. */
export const processVariables = (): Readonly<Record<string, string | undefined>> => ({
  ...process.env,
});

export const isProduction = (): boolean => processVariable('NODE_ENV') === 'production';

/** The variable that names a proxy which Node's HTTP client does not use by itself; null if there is none. */
export function unusedProxyVariable(): string | null {
  if (processVariable('NODE_USE_ENV_PROXY') === '1') return null;
  return (
    ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY']
      .flatMap((name) => [name, name.toLowerCase()])
      .find((name) => Boolean(processVariable(name))) ?? null
  );
}
