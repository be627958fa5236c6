/** The one place that reads `process.env`, each time it is asked: a test or a loader may change it later. */
export const processVariable = (name: string): string | undefined => process.env[name];

export const isProduction = (): boolean => processVariable('NODE_ENV') === 'production';

/** Whether the machine is set up to reach the outside through a proxy, which Node's HTTP client does not use by itself. */
export const hasProxyVariables = (): boolean =>
  ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].some(
    (name) => Boolean(processVariable(name)) || Boolean(processVariable(name.toLowerCase())),
  );
