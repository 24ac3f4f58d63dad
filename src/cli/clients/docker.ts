import type { WriteRecipe } from './recipe.ts';

/** Where pulls are never asked who makes them: Docker cannot sign in to a mirror. */
const ENTRANCE = '/mirror';

/**
 * daemon.json. Docker asks a mirror for docker.io only, by bare names: whoever calls this makes sure that bare names mean
 * docker.io there.
 */
export const dockerRecipe: WriteRecipe = ({ url, host, insecure }, registries, accounts) => {
  const other = registries.find(({ hosts }) => !hosts.includes('docker.io'));
  const settings = {
    'registry-mirrors': [accounts ? url + ENTRANCE : url],
    ...(insecure && { 'insecure-registries': [host] }),
  };
  return {
    text: `${JSON.stringify(settings, undefined, 2)}\n`,
    notes: [
      'Goes into /etc/docker/daemon.json (add the keys to those that are there), then: systemctl restart docker',
      ...(accounts
        ? [
            `Engines before 24.0.8 refuse ${ENTRANCE}: for them set listen.mirrorPort, and name that port instead.`,
          ]
        : []),
      ...(insecure
        ? []
        : [
            `If the certificate is of your own authority: its PEM file goes to /etc/docker/certs.d/${host}/ca.crt`,
          ]),
      ...(other?.prefix === undefined
        ? []
        : [
            `Docker mirrors docker.io only. From other registries pull by name: docker pull ${host}/${other.prefix}/NAME:TAG`,
          ]),
    ],
  };
};
